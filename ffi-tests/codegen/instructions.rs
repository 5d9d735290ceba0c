//! What the checks want to know of an instruction and of a function's body.

use std::fmt;
use std::ops::Range;

use iced_x86::{
    Code, EncodingKind, FastFormatter, FlowControl, Instruction, InstructionInfoFactory, Mnemonic, OpAccess,
    Register,
};

/// Floating-point arithmetic: additions, multiplications, divisions, roots, extrema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Arithmetic {
    pub(crate) operation: Operation,
    pub(crate) packed: bool,
    pub(crate) element: Element,
    /// Bits of the register of the result.
    pub(crate) width: usize,
}

/// A kind of arithmetic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    /// A multiplication and an addition or subtraction with one rounding.
    Fused,
    Multiply,
    Add,
    /// Subtractions, divisions, roots, extrema.
    Other,
}

/// The element type of a vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Element {
    F32,
    F64,
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.pad(match self {
            Self::F32 => "f32",
            Self::F64 => "f64",
        })
    }
}

/// The arithmetic of an instruction, `None` if it only moves, compares or converts, or computes with integers.
pub(crate) fn arithmetic(instruction: &Instruction) -> Option<Arithmetic> {
    let mnemonic = format!("{:?}", instruction.mnemonic()).to_lowercase();
    let name = mnemonic.strip_prefix('v').unwrap_or(&mnemonic);
    let (stem, element) = match (name.strip_suffix('s'), name.strip_suffix('d')) {
        (Some(stem), _) => (stem, Element::F32),
        (_, Some(stem)) => (stem, Element::F64),
        _ => return None,
    };
    let (stem, packed) = match (stem.strip_suffix('p'), stem.strip_suffix('s')) {
        (Some(stem), _) => (stem, true),
        (_, Some(stem)) => (stem, false),
        _ => return None,
    };
    let operation = match stem.trim_end_matches(|c: char| c.is_ascii_digit()) {
        "fmadd" | "fmsub" | "fnmadd" | "fnmsub" | "fmaddsub" | "fmsubadd" => Operation::Fused,
        "mul" => Operation::Multiply,
        "add" => Operation::Add,
        "sub" | "addsub" | "hadd" | "hsub" | "dp" | "div" | "sqrt" | "rcp" | "rsqrt" | "min" | "max" => {
            Operation::Other
        }
        _ => return None,
    };
    Some(Arithmetic { operation, packed, element, width: 8 * instruction.op0_register().size() })
}

/// Whether an operand is a vector register.
pub(crate) fn is_vector(instruction: &Instruction) -> bool {
    (0..instruction.op_count()).any(|operand| instruction.op_register(operand).is_vector_register())
}

/// Whether this is a vector instruction in the encoding of the baseline: SSE.
pub(crate) fn is_baseline_vector(instruction: &Instruction) -> bool {
    instruction.encoding() == EncodingKind::Legacy && is_vector(instruction)
}

/// An integer division: tens of cycles.
pub(crate) fn is_division(instruction: &Instruction) -> bool {
    matches!(instruction.mnemonic(), Mnemonic::Div | Mnemonic::Idiv)
}

/// A trap: what is left of a panic without a message, or of code that cannot be reached.
pub(crate) fn is_trap(instruction: &Instruction) -> bool {
    matches!(instruction.mnemonic(), Mnemonic::Ud2 | Mnemonic::Int3)
}

/// Whether one element of memory goes to every lane, alone or as an operand of another instruction.
fn is_broadcast(instruction: &Instruction) -> bool {
    let broadcasts = matches!(
        instruction.mnemonic(),
        Mnemonic::Vbroadcastss | Mnemonic::Vbroadcastsd | Mnemonic::Vpbroadcastd | Mnemonic::Vpbroadcastq
    );
    instruction.is_broadcast() || (broadcasts && instruction.memory_base() != Register::None)
}

/// An instruction as text, with its address in the function.
pub(crate) fn text(instruction: &Instruction) -> String {
    let mut text = format!("{:#x}: ", instruction.ip());
    FastFormatter::new().format(instruction, &mut text);
    text
}

/// Numbers of instructions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) instructions: usize,
    pub(crate) fused: usize,
    /// All other floating-point arithmetic.
    pub(crate) unfused: usize,
    /// Vector instructions that read memory other than the stack.
    pub(crate) loads: usize,
    /// Of these, to every lane.
    pub(crate) broadcasts: usize,
    /// Vector instructions that write to the stack.
    pub(crate) spills: usize,
    /// Vector instructions that read from the stack.
    pub(crate) reloads: usize,
}

impl Counts {
    /// Counts instructions of a function. `frame_pointer`: whether `rbp` points into its stack frame.
    pub(crate) fn new(instructions: &[Instruction], frame_pointer: bool) -> Self {
        let mut counts = Self { instructions: instructions.len(), ..Self::default() };
        let mut factory = InstructionInfoFactory::new();
        for instruction in instructions {
            match arithmetic(instruction).map(|arithmetic| arithmetic.operation) {
                Some(Operation::Fused) => counts.fused += 1,
                Some(_) => counts.unfused += 1,
                None => {}
            }
            if !is_vector(instruction) {
                continue;
            }
            for memory in factory.info(instruction).used_memory() {
                let stack =
                    memory.base() == Register::RSP || (frame_pointer && memory.base() == Register::RBP);
                let reads = matches!(memory.access(), OpAccess::Read | OpAccess::CondRead);
                counts.spills += usize::from(stack && !reads);
                counts.reloads += usize::from(stack && reads);
                counts.loads += usize::from(!stack && reads);
                counts.broadcasts += usize::from(!stack && is_broadcast(instruction));
            }
        }
        counts
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.instructions += other.instructions;
        self.fused += other.fused;
        self.unfused += other.unfused;
        self.loads += other.loads;
        self.broadcasts += other.broadcasts;
        self.spills += other.spills;
        self.reloads += other.reloads;
    }
}

/// Whether a function keeps `rbp` as its frame pointer.
pub(crate) fn has_frame_pointer(instructions: &[Instruction]) -> bool {
    instructions.iter().any(|instruction| {
        matches!(instruction.code(), Code::Mov_rm64_r64 | Code::Mov_r64_rm64)
            && instruction.op0_register() == Register::RBP
            && instruction.op1_register() == Register::RSP
    })
}

/// The innermost loops with fused multiply-adds: what lies between the target of a jump backwards and the jump.
pub(crate) fn hot_loops(instructions: &[Instruction]) -> Vec<&[Instruction]> {
    let mut ranges = Vec::new();
    for (last, jump) in instructions.iter().enumerate() {
        let branch =
            matches!(jump.flow_control(), FlowControl::ConditionalBranch | FlowControl::UnconditionalBranch);
        if branch && jump.near_branch_target() <= jump.ip() {
            let first = instructions.partition_point(|i| i.ip() < jump.near_branch_target());
            ranges.push(first..last + 1);
        }
    }
    let is_innermost = |range: &Range<usize>| {
        !ranges.iter().any(|other| other != range && range.start <= other.start && other.end <= range.end)
    };
    let innermost = ranges.iter().filter(|range| is_innermost(range));
    let loops = innermost.map(|range| &instructions[range.clone()]);
    loops.filter(|body| Counts::new(body, false).fused > 0).collect()
}
