#include <Python.h>

#include "binding_dlpack.h"

/* DLPack's structures, without versions; dlpack.py fills them in. */
typedef struct managed_tensor {
    struct {
        void *data;
        int32_t device_type, device_id;
        int32_t ndim;
        uint8_t code, bits;
        uint16_t lanes;
        int64_t *shape, *strides;
        uint64_t byte_offset;
    } tensor;
    void *manager_ctx;
    void (*deleter)(struct managed_tensor *);
} managed_tensor;

static const char untaken[] = "dltensor";

void pvt_dlpack_delete(void *managed)
{
    PyObject *done = ((managed_tensor *)managed)->manager_ctx;
    PyObject *type, *value, *traceback, *result;
    PyGILState_STATE gil;

    /* At the interpreter's end modules are gone, and nothing has to be given back any more. */
    if (!Py_IsInitialized())
        return;
    gil = PyGILState_Ensure();
    PyErr_Fetch(&type, &value, &traceback);
    result = PyObject_CallNoArgs(done);
    if (result == NULL)
        PyErr_WriteUnraisable(done);
    Py_XDECREF(result);
    Py_DECREF(done);
    PyErr_Restore(type, value, traceback);
    PyGILState_Release(gil);
}

void pvt_dlpack_destroy(void *capsule)
{
    if (PyCapsule_IsValid(capsule, untaken)) {
        managed_tensor *managed = PyCapsule_GetPointer(capsule, untaken);
        managed->deleter(managed);
    }
}
