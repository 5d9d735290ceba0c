"""Instructions of one product, exactly, whatever else the machine does: a table from what `steps` counts.

    python3 report.py STEPS LIBRARY [--degrees 1,2,3] [--isa avx512,avx2] [--dtype f32] [--layout lm_channel]
                      [--output L] [--batch 2x128]

Counts are per block: as many products as a vector has lanes. "bytes" are those of all instructions executed: where code does
not fit a core's store of decoded instructions, it takes in 16 or 32 of them per cycle. "stack" are loads and stores of vectors
there, spills above all; the last column is what the busiest function executes.
"""

import argparse
import collections
import re
import subprocess
import sys

# The header's numbers; bytes of a vector and of an element.
ISAS = {"avx2": (3, 32), "avx512": (4, 64)}
DTYPES = {"f32": (1, 4), "f64": (2, 8)}
LAYOUTS = {"lm_channel": 0, "channel_lm": 1, "e3nn_blocks": 2}
KINDS = ["arithmetic", "shuffles", "vector loads", "vector stores", "stack", "scalar", "branches"]

ARITHMETIC = re.compile(r"vfn?m|v(mul|add|sub)[ps][sd]")
SHUFFLE = re.compile(r"v(perm|unpck|shuf|insert|extract|blend|pblend|movsh|movsl)")


def kinds(mnemonic, operands):
    """What an instruction is; a multiply-add with a factor from memory is a load as well."""
    vector = re.search(r"[xyz]mm", operands)
    memory = "[" in operands and mnemonic != "lea" and not mnemonic.startswith(("nop", "prefetch"))
    if not vector:
        yield "branches" if mnemonic.startswith("j") or mnemonic in ("call", "ret") else "scalar"
        return
    if ARITHMETIC.match(mnemonic):
        yield "arithmetic"
    elif SHUFFLE.match(mnemonic):
        yield "shuffles"
    if memory:
        yield "vector stores" if "[" in operands.split(",")[0] else "vector loads"
        if "[rsp" in operands:
            yield "stack"


def disassembly(library):
    """Address: function, bytes, mnemonic, operands."""
    instructions, function = {}, ""
    command = ["objdump", "-d", "--insn-width=15", "-M", "intel", library]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as objdump:
        for line in objdump.stdout:
            if head := re.match(r"[0-9a-f]+ <(.*)>:", line):
                function = head[1]
            elif found := re.match(r"\s+([0-9a-f]+):\t((?:[0-9a-f]{2} )+)\s*\t(\S+)\s*(.*)", line):
                length = len(found[2].split())
                instructions[int(found[1], 16)] = (function, length, found[3], found[4])
    return instructions


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("steps")
    parser.add_argument("library")
    listed = {"type": lambda text: text.split(",")}
    parser.add_argument("--degrees", default=["1", "2", "3", "4", "5", "6", "8"], **listed)
    parser.add_argument("--isa", default=["avx512", "avx2"], **listed)
    parser.add_argument("--dtype", default=["f32"], **listed)
    parser.add_argument("--layout", default=["lm_channel"], **listed)
    parser.add_argument("--output", default="L", choices=["L", "2L"])
    parser.add_argument("--batch", default="2x128")
    options = parser.parse_args()
    samples, channels = map(int, options.batch.split("x"))
    for chosen, known in ((options.isa, ISAS), (options.dtype, DTYPES), (options.layout, LAYOUTS)):
        if unknown := set(chosen) - set(known):
            parser.error(f"{', '.join(unknown)}: none of {', '.join(known)}")
    instructions = disassembly(options.library)

    missing = False
    print("| | L | all | bytes |", " | ".join(KINDS), "| busiest |")
    print("| --- |" + " ---: |" * (4 + len(KINDS)))
    for isa, dtype, layout in ((i, d, l) for i in options.isa for d in options.dtype for l in options.layout):
        (level, vector), (number, size) = ISAS[isa], DTYPES[dtype]
        blocks = max(1, samples * channels * size // vector)
        for degree in map(int, options.degrees):
            output = degree * (2 if options.output == "2L" else 1)
            numbers = [level, number, LAYOUTS[layout], degree, degree, output, samples, channels]
            counted = subprocess.run([options.steps, *map(str, numbers)], capture_output=True, text=True)
            if counted.returncode:
                print(f"NOT RUN: {isa} {dtype} {layout}, L = {degree}: {counted.stderr.strip()}", file=sys.stderr)
                missing = True
                continue
            total, functions, length_of_all = collections.Counter(), collections.Counter(), 0
            for line in counted.stdout.splitlines():
                offset, count = line.split()
                function, length, mnemonic, operands = instructions.get(int(offset, 16), ("", 0, "", ""))
                functions[function] += int(count)
                length_of_all += int(count) * length
                for kind in kinds(mnemonic, operands):
                    total[kind] += int(count)
            numbers = [functions.total(), length_of_all, *(total[kind] for kind in KINDS), functions.most_common(1)[0][1]]
            cells = " | ".join(f"{number / blocks:.0f}" for number in numbers)
            print(f"| {isa} {dtype} {layout} | {degree} | {cells} |", flush=True)
    return missing


if __name__ == "__main__":
    sys.exit(main())
