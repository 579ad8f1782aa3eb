#!/usr/bin/env bash
# build-from-debian.sh WORK: the image of Containerfile where no registry can be reached, as an OCI
# layout in WORK/oci. Needs root, mmdebstrap, umoci, and Python 3.11, as Debian bookworm has it.
set -euo pipefail
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=${1:?expected a folder to work in}
mkdir -p "$work"
cd "$work"
mmdebstrap --variant=minbase --include=python3,ca-certificates bookworm root
opt=root/opt/breast-us-seg
mkdir -p "$opt/bin" "$opt/lib/python3.11"
python3.11 -m pip install --no-compile --target "$opt/lib/python3.11/site-packages" \
  --constraint "$source/constraints.txt" "$source[node,serve]"
rm -rf "$opt"/lib/python3.11/site-packages/{bin,torch/include,torch/test} root/var/{cache,lib}/apt/*
find "$opt" -name '*.a' -delete
ln -s /usr/bin/python3 "$opt/bin/python3"
printf 'home = /usr/bin\ninclude-system-site-packages = false\nversion = 3.11\n' >"$opt/pyvenv.cfg"
cat >"$opt/bin/breast-us-seg" <<'END'
#!/opt/breast-us-seg/bin/python3
import sys
from pipeline.cli.main import main
if __name__ == "__main__":  # a process for segmentation imports this again
    sys.exit(main())
END
chmod +x "$opt/bin/breast-us-seg"
umoci init --layout oci
umoci new --image oci:latest
umoci insert --image oci:latest root /
umoci config --image oci:latest --config.user 10001:10001 --config.workingdir /tmp \
  --config.entrypoint breast-us-seg --config.cmd module \
  --config.env PATH=/opt/breast-us-seg/bin:/usr/bin:/bin --config.env HOME=/tmp \
  --config.env LOGNAME=breast-us-seg --config.env PYTHONUTF8=1 \
  --config.env PYTHONDONTWRITEBYTECODE=1 --config.env PYTHONUNBUFFERED=1
