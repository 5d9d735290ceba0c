//! Frames: which they are, and what may be in them.

use std::collections::BTreeMap;
use std::fmt;

use iced_x86::Instruction;

use crate::functions::Function;
use crate::instructions::{
    Arithmetic, Counts, Element, Operation, arithmetic, has_frame_pointer, hot_loops, is_baseline_vector,
    is_division, is_trap, text,
};

use Permission::{
    AddElements, CallFrames, CallMemoryFunctions, ComputeOutsideLoops, Divide, MultiplyConstants,
    ScaleElements,
};

/// An ISA level with frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Avx2,
    Avx512,
}

impl Level {
    const ALL: [Self; 2] = [Self::Avx2, Self::Avx512];

    /// The type that stands for it in `pulp`.
    const fn token(self) -> &'static str {
        match self {
            Self::Avx2 => "pulp::x86::v3::V3",
            Self::Avx512 => "pulp::x86::v4::V4",
        }
    }

    /// The beginning of the names of frames, which `pulp` chose.
    fn prefix(self) -> String {
        format!("<{}>::vectorize::imp", self.token())
    }

    /// Bits of a vector.
    const fn width(self) -> usize {
        match self {
            Self::Avx2 => 256,
            Self::Avx512 => 512,
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.pad(match self {
            Self::Avx2 => "AVX2",
            Self::Avx512 => "AVX-512",
        })
    }
}

/// What kernels may not do, but frames of some families may.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Permission {
    /// Add single elements: sums over lanes.
    AddElements,
    /// Call other frames of the same level and element.
    CallFrames,
    /// Call [`MEMORY_FUNCTIONS`].
    CallMemoryFunctions,
    /// Compute outside of innermost loops: code for one degree, mostly straight, in a loop over blocks that also moves data.
    ComputeOutsideLoops,
    /// Divide integers, outside of hot loops.
    Divide,
    /// Multiply constants, one or two at a time, before they are broadcast.
    MultiplyConstants,
    /// Multiply single elements: weights per degree with the factors of a normalisation.
    ScaleElements,
}

/// Of families of frames; those that are not listed are kernels.
const PERMISSIONS: [(&str, &[Permission]); 11] = [
    // Calls the others; counts the blocks of a run.
    ("Execute", &[AddElements, CallFrames, CallMemoryFunctions, Divide]),
    // Calls the changes between degrees and frequencies, and the fast Fourier transforms.
    ("Torus", &[CallFrames, CallMemoryFunctions]),
    // Counts the samples and channels of a block, once.
    ("ConvertLayout", &[CallMemoryFunctions, Divide]),
    ("Gather", &[CallMemoryFunctions, ScaleElements]),
    ("Scatter", &[AddElements, CallMemoryFunctions, ScaleElements]),
    // All terms of a block, in a loop over blocks, where another asks for memory.
    ("Coupling", &[ComputeOutsideLoops]),
    (KNOWN_DEGREE, &[ComputeOutsideLoops]),
    // Products with small matrices of known size.
    ("Octahedral", &[ComputeOutsideLoops]),
    ("Values", &[ComputeOutsideLoops, MultiplyConstants]),
    ("Gradients", &[ComputeOutsideLoops, MultiplyConstants]),
    ("PullBack", &[ComputeOutsideLoops, MultiplyConstants]),
];

/// The family of what goes through a `GridChunk` for one degree. That of [any](ANY_DEGREE) goes by the type's name.
const KNOWN_DEGREE: &str = "KnownGridChunk";
const ANY_DEGREE: &str = "18446744073709551615>"; // the largest integer, and the end of the type

/// Whether a function, by its name, does nothing but call a frame of a level, so that it is not inlined. `token`: the beginning
/// of the level's type.
pub(crate) fn is_outline(name: &str, token: &str) -> bool {
    name.split_once("::outline::<").is_some_and(|(path, arguments)| {
        let of_module = path.starts_with("gaunt::") && !path.contains('<');
        let of_transform =
            path.starts_with("<gaunt::engine::") && path.contains(" as gaunt::engine::Transform<");
        (of_module || of_transform) && arguments.starts_with(token)
    })
}

/// What every C library has, and compilers call of their own accord.
const MEMORY_FUNCTIONS: [&str; 4] = ["memcpy", "memmove", "memset", "memcmp"];

/// Whether an instruction is of a kind.
type Predicate<'a> = &'a dyn Fn(&Instruction) -> bool;

/// A function compiled for the CPU features of a level.
pub(crate) struct Frame<'a> {
    pub(crate) function: &'a Function,
    pub(crate) level: Level,
    pub(crate) element: Element,
    /// The name of the operation, which all instances of its type share.
    pub(crate) family: &'a str,
    /// The arguments of its type but for the vector.
    arguments: Vec<&'a str>,
    pub(crate) counts: Counts,
    pub(crate) hot_loops: Vec<(&'a [Instruction], Counts)>,
}

impl fmt::Display for Frame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}<{}> for {}", self.family, self.arguments.join(", "), self.level)
    }
}

/// The frames among functions, and what is wrong with them as a whole.
pub(crate) fn of(functions: &[Function]) -> (Vec<Frame<'_>>, Vec<String>) {
    let (mut frames, mut faults) = (Vec::new(), Vec::new());
    for function in functions {
        let level = Level::ALL.into_iter().find(|level| function.name.starts_with(&level.prefix()));
        match level.map(|level| Frame::new(function, level)) {
            Some(Some(frame)) => frames.push(frame),
            Some(None) => faults.push(format!("{}: a frame of what family and element?", function.name)),
            None => {}
        }
    }
    for level in Level::ALL {
        for element in [Element::F32, Element::F64] {
            let has_kernel =
                |frame: &Frame| (frame.level, frame.element) == (level, element) && frame.counts.fused > 0;
            if !frames.iter().any(has_kernel) {
                faults.push(format!("no frame for {level} computes with {element}"));
            }
        }
    }
    (frames, faults)
}

impl<'a> Frame<'a> {
    /// From the name `…::vectorize::imp::<…::vectorize::Impl<PATH::FAMILY<ELEMENT, VECTOR, ARGUMENTS>>>`.
    fn new(function: &'a Function, level: Level) -> Option<Self> {
        let (path, arguments) = function.name.split_once("::Impl<")?.1.split_once('<')?;
        let arguments = arguments.strip_suffix(">>>")?.split(", ");
        let arguments = arguments.filter(|argument| !argument.starts_with("pulp::"));
        // Without modules: an argument may be a type.
        let arguments: Vec<_> = arguments.filter_map(|argument| argument.rsplit("::").next()).collect();
        // What goes through a transform belongs to the transform's family.
        let transform = arguments.iter().find_map(|argument| argument.split_once('<')).map(|(name, _)| name);
        let transform = match transform {
            Some("GridChunk") if !arguments.contains(&ANY_DEGREE) => Some(KNOWN_DEGREE),
            other => other,
        };
        let operation = path.rsplit("::").next()?;
        let element = match *arguments.first()? {
            "f32" => Element::F32,
            "f64" => Element::F64,
            _ => return None,
        };
        let instructions = &*function.instructions;
        let frame_pointer = has_frame_pointer(instructions);
        let hot_loops = hot_loops(instructions).into_iter();
        Some(Self {
            function,
            level,
            element,
            family: if operation == "Pass" { transform? } else { operation },
            arguments,
            counts: Counts::new(instructions, frame_pointer),
            hot_loops: hot_loops.map(|body| (body, Counts::new(body, frame_pointer))).collect(),
        })
    }

    /// The instructions that leave the frame, and where to.
    pub(crate) fn calls(&self) -> impl Iterator<Item = &(Instruction, String)> {
        self.function.calls.iter()
    }

    /// What is wrong with its code.
    pub(crate) fn faults(&self) -> Vec<String> {
        let mut faults = self.faulty_instructions();
        let mut refused: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (call, callee) in self.calls().filter(|(_, callee)| !self.may_call(callee)) {
            refused.entry(callee).or_default().push(call.ip());
        }
        for (callee, places) in refused {
            faults.push(format!("{self}: calls {callee}, {} times, first at {:#x}", places.len(), places[0]));
        }
        for (body, _) in &self.hot_loops {
            let calls =
                self.calls().map(|(call, _)| call).filter(|call| body.iter().any(|i| i.ip() == call.ip()));
            for instruction in body.iter().filter(|i| is_division(i)).chain(calls) {
                faults.push(format!("{self}: in a hot loop, {}", text(instruction)));
            }
        }
        let hot: usize = self.hot_loops.iter().map(|(_, counts)| counts.fused).sum();
        if 2 * hot < self.counts.fused && !self.may(ComputeOutsideLoops) {
            faults.push(format!("{self}: {hot} of {} fused multiply-adds are in loops", self.counts.fused));
        }
        faults
    }

    fn may(&self, permission: Permission) -> bool {
        let listed = PERMISSIONS.iter().find(|(family, _)| *family == self.family);
        listed.is_some_and(|(_, permissions)| permissions.contains(&permission))
    }

    fn may_call(&self, callee: &str) -> bool {
        let element = format!("<{}, ", self.element);
        let token = format!("{}, ", self.level.token());
        let is_frame = callee.starts_with(&self.level.prefix()) || is_outline(callee, &token);
        (self.may(CallFrames) && is_frame && callee.contains(&element))
            || (self.may(CallMemoryFunctions) && MEMORY_FUNCTIONS.contains(&callee))
    }

    /// Kinds of instructions that should not be there, each with the first of them.
    fn faulty_instructions(&self) -> Vec<String> {
        let of_other_type = |i: &Instruction| arithmetic(i).is_some_and(|a| a.element != self.element);
        let constants =
            |operation: Operation| operation == Operation::Multiply && self.may(MultiplyConstants);
        let narrow = |i: &Instruction| {
            let is_pair = |a: &Arithmetic| a.width == 128 && constants(a.operation);
            arithmetic(i).is_some_and(|a| a.packed && a.width != self.level.width() && !is_pair(&a))
        };
        let scales = |operation: Operation| {
            constants(operation)
                || (operation == Operation::Multiply && self.may(ScaleElements))
                || (operation == Operation::Add && self.may(AddElements))
        };
        let single = |i: &Instruction| arithmetic(i).is_some_and(|a| !a.packed && !scales(a.operation));
        let division = |i: &Instruction| is_division(i) && !self.may(Divide);
        let kinds: [(&str, Predicate); 7] = [
            ("arithmetic of another element type", &of_other_type),
            ("arithmetic on part of a vector", &narrow),
            ("arithmetic on single elements", &single),
            ("vector instructions of the baseline", &is_baseline_vector),
            ("integer divisions", &division),
            ("traps", &is_trap),
            ("unknown instructions", &Instruction::is_invalid),
        ];
        let faults = kinds.into_iter().filter_map(|(kind, is_fault)| {
            let mut found = self.function.instructions.iter().filter(|instruction| is_fault(instruction));
            let first = found.next()?;
            Some(format!("{self}: {kind}, {} times, first {}", 1 + found.count(), text(first)))
        });
        faults.collect()
    }
}
