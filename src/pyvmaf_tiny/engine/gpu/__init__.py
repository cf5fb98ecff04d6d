"""The engine on GPUs: the kernels of ``native/gpu/``, the same bits as the native engine."""
