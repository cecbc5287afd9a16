// What CUDA C text sees when g++ compiles it for the CPU. Every CUDA thread is an OS thread, every barrier a real barrier
// (cuda_on_host.cc), so -fsanitize=thread sees a missing __syncthreads as a data race, and -fsanitize=address an index out of range.
// Not modelled: warp scheduling, memory coalescing, occupancy, fused multiply-add, the rounding of the device's exp and log, streams.
#pragma once
#include <cmath>
#include <cstring>
#include <utility>
#include <vector>

#define __global__
#define __device__
#define __shared__ static __attribute__((section("cuda_shared")))     // one section, so that each block can have its own contents

struct Index { unsigned x, y, z; };
extern constinit thread_local Index threadIdx, blockIdx;
extern Index blockDim, gridDim;

void __syncthreads();
void __syncwarp(unsigned mask = 0xffffffffu);
void exchange_in_warp(unsigned mask, void *value, std::size_t size, unsigned lane);

// The value that the thread with the lane number `lane ^ step` holds.
template <class T> T __shfl_xor_sync(unsigned mask, T value, int step)
{
    exchange_in_warp(mask, &value, sizeof value, (threadIdx.x ^ step) % 32);
    return value;
}

// The device's overloads for float and double: without these, the float build would compute in double unseen.
using std::atan2; using std::cos; using std::exp; using std::expm1; using std::fabs; using std::floor; using std::fmax; using std::fmin;
using std::log; using std::log1p; using std::pow; using std::sin; using std::sqrt;

// sin(pi x): x is reduced to a quarter turn before it meets a rounded pi, as on the device.
inline double sinpi(double x)
{
    double quarters = std::nearbyint(2*x), angle = M_PI*(x - quarters/2);
    switch ((int)std::fmod(quarters, 4)) {
        case 1: case -3: return std::cos(angle);
        case 2: case -2: return -std::sin(angle);
        case 3: case -1: return -std::cos(angle);
        default: return std::sin(angle);
    }
}
inline double cospi(double x)
{
    double half = std::nearbyint(x), angle = M_PI*(x - half), sign = std::fmod(half, 2) == 0 ? 1 : -1;
    return sign*std::cos(angle);
}
inline float sinpi(float x) { return (float)sinpi((double)x); }
inline float cospi(float x) { return (float)cospi((double)x); }

// A kernel as the program that runs it sees it: like a driver, it holds one pointer to each argument.
struct Kernel {
    const char *name;
    std::vector<bool> is_pointer;
    void (*call)(void **arguments);
};

template <auto kernel, class... P, std::size_t... i> Kernel describe(const char *name, void (*)(P...), std::index_sequence<i...>)
{
    return {name, {std::is_pointer_v<P>...}, [](void **arguments) { kernel(*static_cast<P *>(arguments[i])...); }};
}
template <auto kernel, class... P> Kernel describe(const char *name, void (*function)(P...))
{
    return describe<kernel>(name, function, std::index_sequence_for<P...>());
}
#define KERNEL(name) describe<name>(#name, name)
extern const std::vector<Kernel> kernels;                             // the text's own, listed behind it
