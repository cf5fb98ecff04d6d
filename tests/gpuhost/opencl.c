/*
 * The same device, with the kernels on an OpenCL CPU device instead of in host.c, to be run under
 * valgrind: buffers are blocks of malloc's, whose ends it knows, and the device takes their
 * addresses as they are. The kernels come compiled, for the CPU that valgrind has, from the file
 * that GPUHOST_BINARY names.
 */
#define CL_TARGET_OPENCL_VERSION 200
#include "host.h"

#include <CL/cl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

host_place host_now;
host_object host_objects[HOST_MOST_BUFFERS];
int host_object_count;

static cl_context context;
static cl_command_queue queue;
static cl_program program;

void host_fail(const char *format, ...)
{
    va_list arguments;
    fprintf(stderr, "%s: ", host_now.kernel);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    fflush(stderr);
    _Exit(3);
}

static void check(cl_int status, const char *call)
{
    if (status != CL_SUCCESS)
        host_fail("%s: %d", call, (int)status);
}

int host_allocate(size_t size)
{
    if (host_object_count == HOST_MOST_BUFFERS)
        host_fail("more than %d buffers", HOST_MOST_BUFFERS);
    host_object *object = &host_objects[host_object_count];
    object->start = malloc(size);
    object->size = size;
    if (!object->start)
        host_fail("no memory");
    return host_object_count++;
}

void host_free_all(void)
{
    for (int i = 0; i < host_object_count; i++)
        free(host_objects[i].start);
}

void host_leave_out(const char *place) { host_fail("%s cannot be left out here", place); }

static void load_program(void)
{
    cl_platform_id platform;
    cl_device_id device;
    cl_int status;
    static unsigned char binary[16 << 20];
    const unsigned char *start = binary;
    FILE *file = fopen(getenv("GPUHOST_BINARY"), "rb");
    const size_t size = file ? fread(binary, 1, sizeof binary, file) : 0;
    if (!file || size == 0 || size == sizeof binary)
        host_fail("no kernels in GPUHOST_BINARY");
    fclose(file);
    check(clGetPlatformIDs(1, &platform, NULL), "clGetPlatformIDs");
    check(clGetDeviceIDs(platform, CL_DEVICE_TYPE_CPU, 1, &device, NULL), "clGetDeviceIDs");
    context = clCreateContext(NULL, 1, &device, NULL, NULL, &status);
    check(status, "clCreateContext");
    queue = clCreateCommandQueueWithProperties(context, device, NULL, &status);
    check(status, "clCreateCommandQueueWithProperties");
    program = clCreateProgramWithBinary(context, 1, &device, &size, &start, NULL, &status);
    check(status, "clCreateProgramWithBinary");
    check(clBuildProgram(program, 1, &device, "", NULL, NULL), "clBuildProgram");
}

void host_launch(const host_kernel *kernel, const int groups[3], void *const *arguments)
{
    const size_t local[3] = {ITEMS, 1, 1};
    const size_t global[3] = {(size_t)groups[0] * ITEMS, (size_t)groups[1], (size_t)groups[2]};
    cl_int status;
    host_now.kernel = kernel->name;
    if (!program)
        load_program();
    cl_kernel made = clCreateKernel(program, kernel->name, &status);
    check(status, "clCreateKernel");
    for (int i = 0; i < kernel->parameters; i++)
        check(clSetKernelArgSVMPointer(made, (cl_uint)i, arguments[i]), "clSetKernelArgSVMPointer");
    check(clEnqueueNDRangeKernel(queue, made, 3, NULL, global, local, 0, NULL, NULL),
          "clEnqueueNDRangeKernel");
    check(clFinish(queue), "clFinish");
    clReleaseKernel(made);
}
