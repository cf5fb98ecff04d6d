"""A device on the host, for tests: the kernels as C11, where compilers can watch over them."""
