//! What a measurement is of: operation, degrees, batch, engine, ISA level, element type, layout.

use std::fmt;

use gaunt::{Broadcast, Engine, Error, Isa, Layout, Lengths, PlanDesc};

use crate::operation::Operation;

/// Values that have a name, on the command line and in the output.
pub(crate) trait Named: Copy + PartialEq + 'static {
    /// All that can be asked for.
    const CHOICES: &'static [(&'static str, Self)];

    fn name(self) -> &'static str {
        Self::CHOICES.iter().find(|choice| choice.1 == self).map_or("unnamed", |choice| choice.0)
    }
}

/// Element type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dtype {
    F32,
    F64,
}

impl Named for Operation {
    const CHOICES: &'static [(&'static str, Self)] = &[
        ("product", Self::Product),
        ("bracket", Self::Bracket),
        ("product_and_bracket", Self::ProductAndBracket),
        ("product_vjp", Self::ProductVjp),
        ("bracket_vjp", Self::BracketVjp),
    ];
}

impl Named for Engine {
    const CHOICES: &'static [(&'static str, Self)] =
        &[("auto", Self::Auto), ("direct", Self::Direct), ("grid", Self::Grid), ("fourier", Self::Fourier)];
}

impl Named for Isa {
    const CHOICES: &'static [(&'static str, Self)] =
        &[("scalar", Self::Scalar), ("neon", Self::Neon), ("avx2", Self::Avx2), ("avx512", Self::Avx512)];
}

impl Named for Dtype {
    const CHOICES: &'static [(&'static str, Self)] = &[("f32", Self::F32), ("f64", Self::F64)];
}

impl Named for Layout {
    const CHOICES: &'static [(&'static str, Self)] = &[
        ("lm_channel", Self::LmChannel),
        ("channel_lm", Self::ChannelLm),
        ("e3nn_blocks", Self::E3nnBlocks),
    ];
}

impl Named for Broadcast {
    const CHOICES: &'static [(&'static str, Self)] = &[("none", Self::None), ("channels", Self::Channels)];
}

/// Largest degrees of the operands and of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Degrees(pub(crate) [usize; 3]);

impl fmt::Display for Degrees {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [l1, l2, l3] = self.0;
        f.pad(&format!("{l1}x{l2}x{l3}"))
    }
}

/// Samples and channels of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Batch {
    pub(crate) samples: usize,
    pub(crate) channels: usize,
}

impl Batch {
    /// Number of products of one call.
    pub(crate) const fn products(self) -> usize {
        self.samples * self.channels
    }
}

impl fmt::Display for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}x{}", self.samples, self.channels))
    }
}

/// One candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Config {
    pub(crate) operation: Operation,
    pub(crate) degrees: Degrees,
    pub(crate) batch: Batch,
    /// What the second operand shares.
    pub(crate) broadcast: Broadcast,
    pub(crate) engine: Engine,
    pub(crate) isa: Isa,
    pub(crate) dtype: Dtype,
    pub(crate) layout: Layout,
}

impl Config {
    pub(crate) fn desc(&self) -> PlanDesc {
        let mut desc = self.operation.describe(self.degrees);
        desc.n_channels = self.batch.channels;
        desc.layout = self.layout;
        desc.broadcast2 = self.broadcast;
        desc.engine = self.engine;
        desc.isa = Some(self.isa);
        desc
    }

    /// How many channels have one vector of a function together.
    pub(crate) fn sharing(&self, slot: usize) -> usize {
        if slot == 1 && self.broadcast == Broadcast::Channels { self.batch.channels } else { 1 }
    }

    /// Lengths of the arrays that a call reads and of those that it writes, by function; 0 if there is none.
    pub(crate) fn read_and_written(&self) -> Result<[[usize; 3]; 2], Error> {
        let Lengths { x1, x2, out, .. } = self.desc().lengths(self.batch.samples)?;
        Ok(if self.operation.is_vjp() { [[x1, x2, out], [x1, x2, 0]] } else { [[x1, x2, 0], [0, 0, out]] })
    }
}

impl fmt::Display for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { operation, degrees, batch, broadcast, engine, isa, dtype, layout } = self;
        let names = [operation.name(), engine.name(), isa.name(), dtype.name(), layout.name()].join(" ");
        write!(f, "{names} {degrees}, batch {batch}, broadcast {}", broadcast.name())
    }
}
