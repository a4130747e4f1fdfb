"""An export to C on a Cortex-M4, which QEMU emulates: its test, the instructions of a row, and the bytes.

Needs arm-none-eabi-gcc with newlib, and qemu-system-arm; Debian's packages are gcc-arm-none-eabi,
libnewlib-arm-none-eabi and qemu-system-arm.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

COMPILER, EMULATOR, SIZE = "arm-none-eabi-gcc", "qemu-system-arm", "arm-none-eabi-size"
CPU = ("-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16", "-std=c99", "-ffunction-sections")
MACHINE = ("-M", "mps2-an386", "-display", "none", "-icount", "shift=0")  # an instruction takes 1 ns of its time
A_TICK = 40  # instructions between two ticks of SysTick, at 25 MHz
LIMIT_S = 120.0

LINKER_SCRIPT = """\
ENTRY(reset)
MEMORY { CODE (rx) : ORIGIN = 0, LENGTH = 4M  DATA (rwx) : ORIGIN = 0x20000000, LENGTH = 4M }
SECTIONS {
    .text : { KEEP(*(.vectors)) *(.text*) *(.rodata*) } > CODE
    .ARM.exidx : { *(.ARM.exidx*) } > CODE
    .data : { *(.data*) *(.bss*) *(COMMON) . = ALIGN(8); end = .; } > DATA
    top = ORIGIN(DATA) + LENGTH(DATA);
}
"""
# SysTick counts down from 2²⁴ − 1. The rows of the test are predicted after it has been read once.
PROGRAM = """\
#define main test
#include "{name}_test.c"
#undef main
#include <stdlib.h>

extern void initialise_monitor_handles(void);
extern char top[];
static volatile uint32_t *const systick = (volatile uint32_t *)0xE000E010u;

static uint32_t spent(int calls) {{
    {name}_real result[{NAME}_OUTPUTS];
    const uint32_t start = systick[2];
    int t;
    for (t = 0; t < calls; t++) {{
        (void){name}_predict(&rows[t], result);
    }}
    return (start - systick[2]) & 0xFFFFFFu;
}}

void reset(void) {{
    *(volatile uint32_t *)0xE000ED88u |= 0xFu << 20; /* permits the floating-point unit */
    initialise_monitor_handles();
    systick[1] = 0xFFFFFFu;
    systick[2] = 0u;
    systick[0] = 5u;
    (void)printf("%lu ticks for %d rows\\n", (unsigned long)spent({count}), {count});
    exit(test(1, NULL));
}}

__attribute__((section(".vectors"), used)) static void *const vectors[2] = {{top, (void *)reset}};
"""


class OnDevice(NamedTuple):
    """Instructions of a row, bytes of code and constants of the model, and whether all rows lie within their bounds."""

    instructions: int
    size: int
    holds: bool


def are_tools_installed() -> bool:
    """Returns True if the compiler and the emulator are there."""
    return all(map(shutil.which, (COMPILER, EMULATOR, SIZE)))


def measured(source: Path, optimise: str) -> OnDevice:
    """Compiles NAME.c and NAME_test.c with an option such as -O2, and runs the test in the emulator."""
    folder, name = source.parent, source.stem
    count = int(re.findall(r"_row rows\[(\d+)\]", (folder / f"{name}_test.c").read_text(encoding="utf-8"))[0])
    (folder / "device.c").write_text(PROGRAM.format(name=name, NAME=name.upper(), count=count), encoding="utf-8")
    (folder / "device.ld").write_text(LINKER_SCRIPT, encoding="utf-8")
    _run(folder, COMPILER, *CPU, optimise, "-c", source.name, "-o", "model.o")
    linked = ("-nostartfiles", "--specs=rdimon.specs", "-T", "device.ld", "-Wl,--gc-sections")
    _run(folder, COMPILER, *CPU, optimise, *linked, "device.c", "model.o", "-lm", "-o", "device.elf")
    semihosting = ("-semihosting-config", "enable=on,target=native")
    printed = _run(folder, EMULATOR, *MACHINE, *semihosting, "-kernel", "device.elf")
    ticks = int(re.findall(r"(\d+) ticks", printed)[0])
    text, data = _run(folder, SIZE, "model.o").splitlines()[1].split()[:2]
    return OnDevice(round(A_TICK * ticks / count), int(text) + int(data), "within the bounds" in printed)


def _run(folder: Path, *command: str) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    if done.returncode:
        raise SystemExit(f"{command[0]} fails: {done.stderr.strip()[-2000:]}")
    return done.stdout
