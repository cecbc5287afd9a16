"""CUDA text as a program of this machine: g++ builds it with host/cuda_on_host.h, every run is a process of its own."""

import atexit
import os
import re
import shutil
import struct
import subprocess
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

HOST = Path(__file__).parent / "host"
FLAGS = {
    "": [],
    "address": ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fsanitize-sections=cuda_shared"],
    "thread": ["-fsanitize=thread"],
}
SETTINGS = {"TSAN_OPTIONS": "halt_on_error=1 exitcode=66", "ASAN_OPTIONS": "detect_leaks=0"}
NEEDED = "g++ 11 or newer on Linux runs the CUDA text on the CPU; install it, e.g. `apt install g++`"
TELLING = re.compile(r"cuda_on_host: .*|.*runtime error: .*|SUMMARY: .*|.*ERROR: .*")


class KernelFailed(RuntimeError):
    """The program ended with an error, or not at all: the message tells which."""


class Parameter(NamedTuple):
    type: str
    pointer: bool
    const: bool
    name: str


def signatures(text):
    """{kernel: its parameters}, as the text declares them."""
    found = re.findall(r'extern "C" __global__ void (\w+)\(([^)]*)\)', text)
    return {name: [parameter(words) for words in declared.split(",")] for name, declared in found}


def parameter(declaration):
    const, type, star, name = re.fullmatch(
        r"\s*(const )?(\w+(?: \w+)*?) (\*__restrict__ )?(\w+)\s*", declaration
    ).groups()
    return Parameter(type, bool(star), bool(const), name)


@lru_cache
def missing_compiler():
    """Why the text cannot be run here, or None."""
    if not shutil.which("g++"):
        return NEEDED
    asked = subprocess.run(
        ["g++", "-E", "-P", "-x", "c++", "-"], input="__GNUC__ __linux__ __clang__", capture_output=True, text=True
    )
    macros = asked.stdout.split()
    usable = len(macros) == 3 and macros[0].isdigit() and int(macros[0]) >= 11 and macros[1:] == ["1", "__clang__"]
    return None if usable else f"{NEEDED}; this g++ is another"


@lru_cache
def folder():
    path = Path(tempfile.mkdtemp(prefix="cuda-on-host-"))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


def compile_cxx(source, target, *flags):
    command = ["g++", "-std=c++20", "-O1", "-g1", "-pthread", "-ffp-contract=off"]
    done = subprocess.run(
        [*command, *flags, "-I", HOST, "-o", target, *source], capture_output=True, text=True, timeout=300
    )
    if done.returncode:
        raise KernelFailed(f"g++ refuses the text:\n{done.stderr[:2000]}")


@lru_cache
def runtime(sanitizer):
    """The part that is the same for every text, compiled once."""
    target = folder() / f"runtime_{sanitizer}.o"
    compile_cxx([HOST / "cuda_on_host.cc"], target, "-c", *FLAGS[sanitizer])
    return target


@lru_cache
def build(text, real, sanitizer=""):
    """The program of the text's kernels with -DREAL=`real`; `sanitizer` is "", "address" (with undefined behaviour) or "thread"."""
    listed = ", ".join(f"KERNEL({name})" for name in signatures(text))
    whole = (
        f'#include "cuda_on_host.h"\n#line 1 "kernel.cu"\n{text}\nconst std::vector<Kernel> kernels = {{{listed}}};\n'
    )
    number = len(list(folder().glob("*.cc")))
    source, target = folder() / f"{number}.cc", folder() / f"{number}"
    source.write_text(whole, encoding="utf-8")
    compile_cxx([source, runtime(sanitizer)], target, f"-DREAL={real}", *FLAGS[sanitizer])
    return target


@lru_cache
def without_randomised_addresses():
    """The thread sanitizer of some systems fails where addresses are randomised; `setarch -R` may be missing or forbidden."""
    usable = shutil.which("setarch") and subprocess.run(["setarch", "-R", "true"], capture_output=True).returncode == 0
    return ["setarch", "-R"] if usable else []


def run(program, kernel, blocks, threads, arguments, pointers, timeout=60):
    """Runs one kernel on `arguments`, each as bytes; what the pointer arguments (`pointers`: booleans) point to afterwards, as bytes."""
    command = [*without_randomised_addresses(), program, kernel, str(blocks), str(threads)]
    data = b"".join(struct.pack("q", len(a)) + a for a in arguments)
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=timeout, env=os.environ | SETTINGS)
    except subprocess.TimeoutExpired:
        raise KernelFailed(f"kernel {kernel} did not end within {timeout} s: a deadlock?") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace")
        raise KernelFailed(
            f"kernel {kernel} ended with status {done.returncode}: {' | '.join(TELLING.findall(said)) or said[:500]}"
        )
    lengths = [len(a) * p for a, p in zip(arguments, pointers)]
    ends = [sum(lengths[: i + 1]) for i in range(len(lengths))]
    return [done.stdout[end - n : end] for n, end in zip(lengths, ends)]
