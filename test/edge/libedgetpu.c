/* Stands in for Google's libedgetpu.so.1 where there is no Edge TPU.
 *
 * It exports the interface of an external delegate, takes over the operators that are compiled for
 * the Edge TPU, and does what files beside the library say:
 *
 *   absent    no device is found
 *   fail_at   number of the run that fails, counted from 1 over all processes, and all after it
 *   hang      runs do not return
 *   abort     a run ends the process, as Google's library does when a USB transfer fails
 *   crash     the process ends with SIGSEGV where the model is given to the device
 *   output    bytes of the outputs, one behind the other; zeros without it
 *
 * It writes there: options (a line for each time that a device is opened), runs (a byte for each),
 * input (bytes of the last one).
 *
 * The declarations follow the public C interface of TensorFlow Lite, which is the same from 2.5 on
 * as far as it is used here.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

typedef enum { OK = 0, ERROR = 1, DELEGATE_ERROR = 2 } Status;

typedef struct {
  int size;
  int data[];
} IntArray;

typedef struct Delegate Delegate;

typedef struct {
  int type;
  void *data;
  IntArray *dims;
  struct { float scale; int32_t zero_point; } params;
  int allocation_type;
  size_t bytes;
  const void *allocation;
  const char *name;
  Delegate *delegate;
  int buffer_handle;
  bool data_is_stale;
  bool is_variable;
  struct { int type; void *params; } quantization;
  void *sparsity;
  const IntArray *dims_signature;
} Tensor;

typedef struct {
  IntArray *inputs, *outputs, *intermediates, *temporaries;
  void *user_data, *builtin_data;
  const void *custom_initial_data;
  int custom_initial_data_size;
  Delegate *delegate;
  bool might_have_side_effect;
} Node;

typedef struct Context Context;

typedef struct {
  void *(*init)(Context *, const char *, size_t);
  void (*free)(Context *, void *);
  Status (*prepare)(Context *, Node *);
  Status (*invoke)(Context *, Node *);
  const char *(*profiling_string)(const Context *, const Node *);
  int32_t builtin_code;
  const char *custom_name;
  int version;
  void *registration_external;
  void *(*async_kernel)(Context *, Node *);
  uint64_t inplace_operator;
} Registration;

struct Context {
  size_t tensors_size;
  Status (*GetExecutionPlan)(Context *, IntArray **);
  Tensor *tensors;
  void *impl;
  Status (*ResizeTensor)(Context *, Tensor *, IntArray *);
  void (*ReportError)(Context *, const char *, ...);
  Status (*AddTensors)(Context *, int, int *);
  Status (*GetNodeAndRegistration)(Context *, int, Node **, Registration **);
  Status (*ReplaceNodeSubsetsWithDelegateKernels)(Context *, Registration, const IntArray *,
                                                  Delegate *);
  /* More follows that is not used. */
};

struct Delegate {
  void *data;
  Status (*Prepare)(Context *, Delegate *);
  Status (*CopyFromBufferHandle)(Context *, Delegate *, int, Tensor *);
  Status (*CopyToBufferHandle)(Context *, Delegate *, int, Tensor *);
  void (*FreeBufferHandle)(Context *, Delegate *, int *);
  int64_t flags;
  void *opaque_delegate_builder;
};

/* Path of a file beside the library, in a buffer that the next call reuses. */
static const char *beside(const char *name) {
  static char path[PATH_MAX];
  Dl_info info;
  dladdr((void *)beside, &info);
  const char *end = strrchr(info.dli_fname, '/');
  snprintf(path, sizeof path, "%.*s/%s", (int)(end - info.dli_fname), info.dli_fname, name);
  return path;
}

static bool is_there(const char *name) { return access(beside(name), F_OK) == 0; }

static void append(const char *name, const char *text) {
  FILE *file = fopen(beside(name), "a");
  fputs(text, file);
  fclose(file);
}

static long runs_so_far(void) {
  struct stat status;
  return stat(beside("runs"), &status) ? 0 : (long)status.st_size;
}

static long number_in(const char *name) {
  FILE *file = fopen(beside(name), "r");
  long number = LONG_MAX;
  if (file == NULL) return number;
  if (fscanf(file, "%ld", &number) != 1) number = LONG_MAX;
  fclose(file);
  return number;
}

static void *init(Context *context, const char *buffer, size_t length) {
  (void)context, (void)buffer, (void)length;
  return NULL;
}

static void release(Context *context, void *buffer) { (void)context, (void)buffer; }

static Status prepare(Context *context, Node *node) {
  (void)context, (void)node;
  if (is_there("crash")) raise(SIGSEGV);
  return OK;
}

static Status invoke(Context *context, Node *node) {
  append("runs", "x");
  if (is_there("abort")) abort();
  while (is_there("hang")) usleep(10000);
  if (runs_so_far() >= number_in("fail_at")) {
    context->ReportError(context, "USB transfer error");
    return ERROR;
  }
  Tensor *input = &context->tensors[node->inputs->data[0]];
  FILE *file = fopen(beside("input"), "wb");
  fwrite(input->data, 1, input->bytes, file);
  fclose(file);
  file = fopen(beside("output"), "rb");
  for (int i = 0; i < node->outputs->size; i++) {
    Tensor *tensor = &context->tensors[node->outputs->data[i]];
    memset(tensor->data, 0, tensor->bytes);
    if (file != NULL && fread(tensor->data, 1, tensor->bytes, file) != tensor->bytes) {
      context->ReportError(context, "output is too short");
      return ERROR;
    }
  }
  if (file != NULL) fclose(file);
  return OK;
}

static Status take_over(Context *context, Delegate *delegate) {
  IntArray *plan;
  if (context->GetExecutionPlan(context, &plan) != OK) return ERROR;
  int count = plan->size;
  int nodes[count];
  memcpy(nodes, plan->data, sizeof nodes);
  IntArray *ours = malloc(sizeof(IntArray) + sizeof nodes);
  ours->size = 0;
  for (int i = 0; i < count; i++) {
    Node *node;
    Registration *registration;
    if (context->GetNodeAndRegistration(context, nodes[i], &node, &registration) != OK)
      return ERROR;
    if (registration->custom_name && !strcmp(registration->custom_name, "edgetpu-custom-op"))
      ours->data[ours->size++] = nodes[i];
  }
  Registration kernel = {
      .init = init, .free = release, .prepare = prepare, .invoke = invoke,
      .custom_name = "StandInForEdgeTpu", .version = 1,
  };
  Status status =
      context->ReplaceNodeSubsetsWithDelegateKernels(context, kernel, ours, delegate);
  free(ours);
  return status;
}

EXPORT Delegate *tflite_plugin_create_delegate(char **keys, char **values, size_t count,
                                               void (*report)(const char *)) {
  for (size_t i = 0; i < count; i++) {
    append("options", keys[i]);
    append("options", "=");
    append("options", values[i]);
    append("options", " ");
  }
  append("options", "\n");
  if (is_there("absent")) {
    report("no device of that kind");
    return NULL;
  }
  Delegate *delegate = calloc(1, sizeof *delegate);
  delegate->Prepare = take_over;
  delegate->flags = 1; /* AllowDynamicTensors, without which all operators are prepared first */
  return delegate;
}

EXPORT void tflite_plugin_destroy_delegate(Delegate *delegate) { free(delegate); }

EXPORT const char *edgetpu_version(void) { return "stand-in for tests"; }
