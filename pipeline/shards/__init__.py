"""A run shared out: what each shard is of, does, has done, and all of them together."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "finish_file": ["FinishFile"],
        "merge_shards": ["merge_shards"],
        "shard": ["Shard"],
        "shard_journal": ["ShardJournal"],
        "shard_plan": ["ShardPlan"],
        "shard_status": ["ShardStatus"],
    },
)
