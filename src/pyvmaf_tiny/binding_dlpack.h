/*
 * The callbacks of DLPack's capsules (src/pyvmaf_tiny/dlpack.py). They are not Python's: some are
 * called while an exception is on its way, which Python code would take for one of its own.
 */

/*
 * DLManagedTensor's deleter, for any thread, with or without the GIL. manager_ctx is a reference
 * to what is to be called, and is given back after that.
 */
void pvt_dlpack_delete(void *managed);

/* A capsule's destructor: calls the deleter unless a consumer has taken the tensor. */
void pvt_dlpack_destroy(void *capsule);
