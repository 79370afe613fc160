"""Where data go: paths and numbers, the HDF5 files, and what `obtura ls` and `obtura show` print of them."""

__all__: list[str] = []
