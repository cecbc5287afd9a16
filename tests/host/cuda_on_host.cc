// Runs one kernel of the text it is linked with: program NAME BLOCKS THREADS.
// stdin: for every argument its number of bytes (64 bits) and the bytes; stdout: the bytes of every pointer argument afterwards.
#include "cuda_on_host.h"
#include <algorithm>
#include <atomic>
#include <climits>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <linux/futex.h>
#include <memory>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

constinit thread_local Index threadIdx{}, blockIdx{};
Index blockDim{1, 1, 1}, gridDim{1, 1, 1};
extern char __start_cuda_shared[] __attribute__((weak)), __stop_cuda_shared[] __attribute__((weak));

[[noreturn]] static void fail(const char *what)
{
    std::fprintf(stderr, "cuda_on_host: %s\n", what);
    std::_Exit(70);
}

// Not std::atomic's own wait: its bookkeeping is shared by unrelated words and would order threads that no barrier orders, so that the
// thread sanitizer would miss races.
static void sleep_while(std::atomic<unsigned> &word, unsigned value)
{
    while (word == value) syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, value, nullptr, nullptr, 0);
}

static void change_and_wake(std::atomic<unsigned> &word, unsigned value)
{
    word = value;
    syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
}

// A barrier that knows when it can never open: all threads that are left wait at it for others that have returned.
class Barrier {
    std::atomic<unsigned> arrived = 0, returned = 0, phase = 0;
    const unsigned size;
    static constexpr auto deadlock = "deadlock: a thread has returned while others wait for it at a barrier";

public:
    explicit Barrier(unsigned size) : size(size) {}

    // `last` runs once, while everyone waits.
    template <class Last> void wait(Last last)
    {
        unsigned now = phase, here = ++arrived;
        if (here == size) {
            last();
            arrived = 0;
            return change_and_wake(phase, now + 1);
        }
        if (here + returned == size) fail(deadlock);
        sleep_while(phase, now);
    }

    // True for the last thread that returns.
    bool leave()
    {
        unsigned gone = ++returned, waiting = arrived;
        if (waiting && waiting + gone == size) fail(deadlock);
        return gone == size;
    }
};

struct Warp {
    Barrier barrier;
    char slots[2][32][8];
    explicit Warp(unsigned threads) : barrier(threads) {}
};

struct Block {
    const unsigned index;
    Barrier barrier;
    std::deque<Warp> warps;
    std::vector<char> shared;                                         // what the block's shared memory holds while it waits
    std::atomic<unsigned> turn = 0;
    bool finished = false;

    Block(unsigned index, unsigned threads)
        : index(index), barrier(threads), shared(__stop_cuda_shared - __start_cuda_shared, '\xff')      // NaN at first
    {
        for (unsigned first = 0; first < threads; first += 32) warps.emplace_back(32);
    }
};

static std::deque<Block> resident;
static thread_local Block *block;
static thread_local unsigned exchanges;

// A plain loop: the address sanitizer's memcpy would refuse the gaps between shared arrays.
__attribute__((no_sanitize_address)) static void copy(const char *from, char *to, std::size_t bytes)
{
    for (std::size_t i = 0; i < bytes; ++i) to[i] = from[i];
}

static void take_the_turn()
{
    sleep_while(block->turn, 0);
    block->turn = 0;
    copy(block->shared.data(), __start_cuda_shared, block->shared.size());
}

// Lets the next block run that has not finished.
static void give_the_turn()
{
    copy(__start_cuda_shared, block->shared.data(), block->shared.size());
    for (std::size_t step = 1; step <= resident.size(); ++step) {
        Block &next = resident[(block->index + step) % resident.size()];
        if (!next.finished) return change_and_wake(next.turn, 1);
    }
}

// Resident blocks take turns at their barriers, so that one block's use of another's scratch memory shows in the results, every time.
void __syncthreads()
{
    block->barrier.wait([] { give_the_turn(), take_the_turn(); });
}

void __syncwarp(unsigned mask)
{
    if (mask != 0xffffffffu) fail("a warp's mask names fewer than all of its lanes");
    block->warps[threadIdx.x / 32].barrier.wait([] {});
}

// One barrier is enough: the slots of the next exchange are others, and those after it come behind its barrier.
void exchange_in_warp(unsigned mask, void *value, std::size_t size, unsigned lane)
{
    auto &slots = block->warps[threadIdx.x / 32].slots[exchanges++ % 2];
    std::memcpy(slots[threadIdx.x % 32], value, size);
    __syncwarp(mask);
    std::memcpy(value, slots[lane], size);
}

static void run_thread(Block &mine, unsigned thread, unsigned first_block, const Kernel &kernel, void **arguments)
{
    block = &mine;
    threadIdx.x = thread;
    blockIdx.x = first_block + mine.index;
    block->barrier.wait(take_the_turn);
    kernel.call(arguments);
    block->warps[thread / 32].barrier.leave();
    if (block->barrier.leave()) {
        block->finished = true;
        give_the_turn();
    }
}

static void launch(const Kernel &kernel, void **arguments)
{
    const unsigned at_once = 3;
    for (unsigned first = 0; first < gridDim.x; first += at_once) {
        resident.clear();
        for (unsigned i = 0; i < std::min(at_once, gridDim.x - first); ++i) resident.emplace_back(i, blockDim.x);
        std::vector<std::jthread> threads;
        for (Block &mine : resident)
            for (unsigned t = 0; t < blockDim.x; ++t)
                threads.emplace_back([=, &mine, &kernel] { run_thread(mine, t, first, kernel, arguments); });
        change_and_wake(resident[0].turn, 1);
    }
}

struct Argument {
    std::int64_t bytes;
    std::unique_ptr<char[]> data;                                     // of its exact size, so that the address sanitizer sees its end
    void *address;

    Argument()
    {
        if (std::fread(&bytes, sizeof bytes, 1, stdin) != 1) fail("stdin holds fewer arguments than the kernel takes");
        data.reset(new char[bytes]);
        address = data.get();
        if (std::fread(address, 1, bytes, stdin) != std::size_t(bytes)) fail("stdin ends within an argument");
    }
};

int main(int, char **words)
{
    auto found = std::find_if(kernels.begin(), kernels.end(), [&](auto &k) { return !std::strcmp(k.name, words[1]); });
    if (found == kernels.end()) fail("no such kernel");
    gridDim.x = std::atoi(words[2]);
    blockDim.x = std::atoi(words[3]);
    std::deque<Argument> held(found->is_pointer.size());
    std::vector<void *> arguments;
    for (std::size_t i = 0; i < held.size(); ++i) arguments.push_back(found->is_pointer[i] ? &held[i].address : held[i].address);
    launch(*found, arguments.data());
    for (std::size_t i = 0; i < held.size(); ++i)
        if (found->is_pointer[i]) std::fwrite(held[i].address, 1, held[i].bytes, stdout);
}
