"""The web page, served to a browser on this machine."""

from pipeline.web.site_server import SiteServer, find_site

__all__ = ["SiteServer", "find_site"]
