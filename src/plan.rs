//! Plans: everything that is decided before the data comes.

use core::fmt::Debug;

use crate::conversion::ConvertLayout;
use crate::engine::{direct, fourier};
use crate::error::Error;
use crate::harmonics;
use crate::isa::{Isa, Level};
use crate::lanes::{CacheLine, LaneOps, cast_mut};
use crate::layout::{ArrayLayout, Broadcast, Layout};
use crate::product;
use crate::rotation;
use crate::tables::Constants;
use crate::tables::fourier::{FourierTable, fill_fourier_table};
use crate::tables::grid::{GridTable, fill_grid_table, grid_table_len, n_theta};

/// Largest supported degree of an operand.
pub const LMAX_INPUT: usize = 256;

/// An element type: `f32` or `f64`.
pub trait Real: LaneOps + Constants + PartialOrd + PartialEq + Default + Debug + Into<f64> {
    /// Runs an execution at a level: not generic, so that the kernels are compiled in this crate, once.
    #[doc(hidden)]
    fn run(level: Level, execute: product::Execute<'_, '_, Self>) -> Option<()>;

    /// Likewise harmonics.
    #[doc(hidden)]
    fn run_harmonics(level: Level, execute: harmonics::Execute<'_, Self>) -> Option<()>;

    /// Likewise a conversion.
    #[doc(hidden)]
    fn convert(level: Level, convert: ConvertLayout<'_, Self>) -> Option<()>;

    /// Likewise a rotation.
    #[doc(hidden)]
    fn rotate(level: Level, execute: rotation::Execute<'_, '_, Self>) -> Option<()>;
}

impl Real for f32 {
    fn run(level: Level, execute: product::Execute<'_, '_, Self>) -> Option<()> {
        level.run(execute)
    }

    fn run_harmonics(level: Level, execute: harmonics::Execute<'_, Self>) -> Option<()> {
        level.run(execute)
    }

    fn convert(level: Level, convert: ConvertLayout<'_, Self>) -> Option<()> {
        level.run(convert)
    }

    fn rotate(level: Level, execute: rotation::Execute<'_, '_, Self>) -> Option<()> {
        execute.run(level)
    }
}

impl Real for f64 {
    fn run(level: Level, execute: product::Execute<'_, '_, Self>) -> Option<()> {
        level.run(execute)
    }

    fn run_harmonics(level: Level, execute: harmonics::Execute<'_, Self>) -> Option<()> {
        level.run(execute)
    }

    fn convert(level: Level, convert: ConvertLayout<'_, Self>) -> Option<()> {
        level.run(convert)
    }

    fn rotate(level: Level, execute: rotation::Execute<'_, '_, Self>) -> Option<()> {
        execute.run(level)
    }
}

/// What is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// The Gaunt tensor product: the coefficients of `f · g` up to `lmax3`.
    Product,
}

/// How it is computed. Engines differ in speed and in the last bits, not in meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Engine {
    /// The library chooses.
    Auto,
    /// Sparse Gaunt coefficients in straight-line code; operands to degree 4.
    Direct,
    /// Gauss–Legendre × equispaced quadrature grid, exact; every degree.
    Grid,
    /// Two-dimensional Fourier series and fast Fourier transforms, exact; every degree. [`Self::Auto`] does not take it.
    Fourier,
}

/// The harmonics that coefficients refer to, by their norm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Normalization {
    /// Orthonormal: `∫ Y² = 1` (e3nn: *integral*).
    Integral,
    /// `∫ Y² = 4π` (e3nn: *component*).
    Component,
    /// `∫ Y² = 4π / (2l + 1)` (e3nn: *norm*).
    Norm,
}

impl Normalization {
    /// The factor from orthonormal harmonics of degree `l` to these.
    pub(crate) fn factor(self, l: usize) -> f64 {
        let four_pi = 4.0 * core::f64::consts::PI;
        match self {
            Self::Integral => 1.0,
            Self::Component => libm::sqrt(four_pi),
            Self::Norm => libm::sqrt(four_pi / (2 * l + 1) as f64),
        }
    }
}

/// Weights per degree of an operand or of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeightKind {
    /// None.
    None,
    /// One weight per degree: `[lmax + 1]`.
    Shared,
    /// One weight per degree and channel: `[lmax + 1][n_channels]`.
    PerChannel,
}

impl WeightKind {
    fn len(self, lmax: usize, n_channels: usize) -> Result<usize, Error> {
        match self {
            Self::None => Ok(0),
            Self::Shared => Ok(lmax + 1),
            Self::PerChannel => (lmax + 1).checked_mul(n_channels).ok_or(Error::Overflow),
        }
    }
}

/// Describes a plan: set what differs from the defaults of [`PlanDesc::product`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlanDesc {
    /// What is computed.
    pub operation: Operation,
    /// Largest degree of the first operand, at most [`LMAX_INPUT`].
    pub lmax1: usize,
    /// Largest degree of the second operand, at most [`LMAX_INPUT`].
    pub lmax2: usize,
    /// Largest degree of the output, at most `lmax1 + lmax2`.
    pub lmax3: usize,
    /// Number of channels per sample. Default 1.
    pub n_channels: usize,
    /// Layout of both operands and the output. Default [`Layout::LmChannel`].
    pub layout: Layout,
    /// Normalisation of the harmonics that all coefficients refer to. Default [`Normalization::Integral`].
    pub normalization: Normalization,
    /// What the first operand's array shares. Default [`Broadcast::None`].
    pub broadcast1: Broadcast,
    /// What the second operand's array shares. Default [`Broadcast::None`].
    pub broadcast2: Broadcast,
    /// Weights of the first operand's degrees. Default [`WeightKind::None`].
    pub weights1: WeightKind,
    /// Weights of the second operand's degrees. Default [`WeightKind::None`].
    pub weights2: WeightKind,
    /// Weights of the output's degrees. Default [`WeightKind::None`].
    pub weights3: WeightKind,
    /// The engine. Default [`Engine::Auto`].
    pub engine: Engine,
    /// The highest ISA level to use; `None` (the default) for the best of the CPU. Levels that the CPU lacks are never
    /// used: the plan takes the highest available one that is not above this.
    pub isa: Option<Isa>,
}

/// Lengths, in elements, of the arrays of one execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lengths {
    /// The first operand.
    pub x1: usize,
    /// The second operand.
    pub x2: usize,
    /// The output.
    pub out: usize,
    /// The first operand's weights.
    pub weights1: usize,
    /// The second operand's weights.
    pub weights2: usize,
    /// The output's weights.
    pub weights3: usize,
}

/// Caller-owned memory, in [`CacheLine`]s.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// For [`Plan::new`]: the plan's tables. 0 for operands to degree 12 with orthonormal harmonics,
    /// unless the engine is [`Engine::Fourier`].
    pub tables: usize,
    /// For [`Plan::execute`]: the workspace, for any number of samples.
    pub workspace: usize,
}

/// The weights per degree of one execution: `a[l1]`, `b[l2]`, `c[l3]` of `z = Σ c[l3] a[l1] b[l2] (x1_l1 · x2_l2)_l3`.
///
/// Each is empty or as long as the plan's [`WeightKind`] says.
#[derive(Clone, Copy, Debug, Default)]
pub struct Weights<'a, T> {
    /// Of the first operand's degrees.
    pub weights1: &'a [T],
    /// Of the second operand's degrees.
    pub weights2: &'a [T],
    /// Of the output's degrees.
    pub weights3: &'a [T],
}

impl PlanDesc {
    /// A description with one channel and the defaults for everything else.
    #[must_use]
    pub const fn new(operation: Operation, lmax1: usize, lmax2: usize, lmax3: usize) -> Self {
        Self {
            operation,
            lmax1,
            lmax2,
            lmax3,
            n_channels: 1,
            layout: Layout::LmChannel,
            normalization: Normalization::Integral,
            broadcast1: Broadcast::None,
            broadcast2: Broadcast::None,
            weights1: WeightKind::None,
            weights2: WeightKind::None,
            weights3: WeightKind::None,
            engine: Engine::Auto,
            isa: None,
        }
    }

    /// The Gaunt tensor product of functions to degrees `lmax1` and `lmax2`, up to degree `lmax3`.
    #[must_use]
    pub const fn product(lmax1: usize, lmax2: usize, lmax3: usize) -> Self {
        Self::new(Operation::Product, lmax1, lmax2, lmax3)
    }

    /// Checks that an engine serves the degrees.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if not.
    pub fn validate(&self) -> Result<(), Error> {
        self.resolve_engine().map(|_| ())
    }

    /// The engine that a plan of this description uses, never [`Engine::Auto`].
    pub(crate) fn resolve_engine(&self) -> Result<Engine, Error> {
        let [l1, l2, l3] = [self.lmax1, self.lmax2, self.lmax3];
        if l1 > LMAX_INPUT || l2 > LMAX_INPUT || l3 > l1 + l2 {
            return Err(Error::Unsupported);
        }
        let direct = direct::supports(l1, l2);
        match self.engine {
            Engine::Direct if !direct => Err(Error::Unsupported),
            Engine::Auto => Ok(if direct { Engine::Direct } else { Engine::Grid }),
            engine => Ok(engine),
        }
    }

    /// The degrees that can contribute: an operand's degrees above `lmax3` plus the other operand's `lmax` cannot
    /// (triangle rule), and are not read.
    pub(crate) fn contributing(&self) -> [usize; 3] {
        let [l1, l2, l3] = [self.lmax1, self.lmax2, self.lmax3];
        [l1.min(l2 + l3), l2.min(l1 + l3), l3]
    }

    /// Which operand is the same function for all channels of a sample.
    pub(crate) fn shared_by_channels(&self) -> [bool; 2] {
        let shared =
            |broadcast: Broadcast, weights| broadcast.over_channels() && weights != WeightKind::PerChannel;
        [shared(self.broadcast1, self.weights1), shared(self.broadcast2, self.weights2)]
    }

    /// The grid of a plan: number of rings and largest degree.
    fn grid(&self) -> (usize, usize) {
        let degrees = self.contributing();
        (n_theta(degrees.iter().sum()), degrees.into_iter().max().unwrap_or(0))
    }

    /// Elements of plan memory: the normalisation's factors and, beyond the constant tables, the engine's table.
    fn table_parts<T: Real>(&self) -> Result<(usize, usize), Error> {
        let factors = match self.normalization {
            Normalization::Integral => 0,
            _ => self.contributing().iter().map(|l| l + 1).sum(),
        };
        let (n_theta, lmax) = self.grid();
        let engine = match self.resolve_engine()? {
            Engine::Grid if T::grid_table(n_theta).is_none() => grid_table_len(n_theta, lmax),
            Engine::Fourier => fourier::sizes(self.contributing()).ok_or(Error::Internal)?.table_len(),
            _ => 0,
        };
        Ok((factors, engine))
    }

    /// Lengths of the arrays of one execution with `n_samples` samples.
    ///
    /// # Errors
    /// [`Error::Overflow`] if one does not fit into `usize`.
    pub fn lengths(&self, n_samples: usize) -> Result<Lengths, Error> {
        let [x1, x2, out] = self.array_layouts()?;
        Ok(Lengths {
            x1: x1.len(n_samples)?,
            x2: x2.len(n_samples)?,
            out: out.len(n_samples)?,
            weights1: self.weights1.len(self.lmax1, self.n_channels)?,
            weights2: self.weights2.len(self.lmax2, self.n_channels)?,
            weights3: self.weights3.len(self.lmax3, self.n_channels)?,
        })
    }

    /// Layouts of the operands and of the output.
    pub(crate) fn array_layouts(&self) -> Result<[ArrayLayout; 3], Error> {
        let array = |broadcast, lmax| ArrayLayout::new(self.layout, broadcast, lmax, self.n_channels);
        Ok([
            array(self.broadcast1, self.lmax1)?,
            array(self.broadcast2, self.lmax2)?,
            array(Broadcast::None, self.lmax3)?,
        ])
    }

    /// The memory that a plan of element type `T` and its executions need.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if no engine serves the degrees, [`Error::Overflow`] if an array size of one sample does
    /// not fit into `usize`.
    pub fn memory<T: Real>(&self) -> Result<Memory, Error> {
        let engine = self.resolve_engine()?;
        self.lengths(1)?;
        let (factors, table) = self.table_parts::<T>()?;
        let tables = ((factors + table) * size_of::<T>()).div_ceil(size_of::<CacheLine>());
        let shared = self.shared_by_channels().contains(&true);
        let lanes = product::workspace_lanes(engine, self.contributing(), shared).ok_or(Error::Internal)?;
        let lanes_per_line = size_of::<CacheLine>() / (Level::up_to(self.isa).lanes::<T>() * size_of::<T>());
        Ok(Memory { tables, workspace: lanes.div_ceil(lanes_per_line) })
    }
}

/// A decided product: immutable, shareable between threads, with tables in constants or in the caller's memory.
#[derive(Clone, Copy, Debug)]
pub struct Plan<'t, T> {
    desc: PlanDesc,
    level: Level,
    workspace_len: usize,
    /// The normalisation's factors for the two operands and the output; empty if they are 1.
    pub(crate) factors: [&'t [T]; 3],
    pub(crate) kernel: Kernel<'t, T>,
}

/// The engine and its tables.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kernel<'t, T> {
    Direct,
    Grid(GridTable<'t, T>),
    Fourier(FourierTable<'t, T>),
}

impl<'t, T: Real> Plan<'t, T> {
    /// Decides a plan. `tables` is working memory that the plan keeps, [`Memory::tables`] cache lines; extra lines
    /// are ignored.
    ///
    /// Cost: nothing to speak of up to degree 12; above that the tables in double-double arithmetic, O(L³), and for
    /// [`Engine::Fourier`] at any degree, about `lmax3³ (lmax1 + lmax2) / 12` multiplications.
    ///
    /// # Errors
    /// [`Error::Unsupported`], [`Error::Overflow`] as [`PlanDesc::memory`]; [`Error::StorageTooSmall`].
    pub fn new(desc: &PlanDesc, tables: &'t mut [CacheLine]) -> Result<Self, Error> {
        let memory = desc.memory::<T>()?;
        if tables.len() < memory.tables {
            return Err(Error::StorageTooSmall { expected: memory.tables, received: tables.len() });
        }
        let engine = desc.resolve_engine()?;
        let degrees = desc.contributing();
        let (n_factors, n_table) = desc.table_parts::<T>()?;
        let (factors, tables) =
            cast_mut::<_, T>(tables).split_at_mut_checked(n_factors).ok_or(Error::Internal)?;
        let kernel = match engine {
            Engine::Grid => {
                let (n_theta, lmax) = desc.grid();
                let table = if let Some(constant) = T::grid_table(n_theta) {
                    GridTable::new(n_theta, n_theta - 1, constant)
                } else {
                    let entries = tables.get_mut(..n_table).ok_or(Error::Internal)?;
                    fill_grid_table(n_theta, lmax, entries, T::from_f64).ok_or(Error::Internal)?;
                    GridTable::new(n_theta, lmax, entries)
                };
                Kernel::Grid(table.ok_or(Error::Internal)?)
            }
            Engine::Fourier => {
                let sizes = fourier::sizes(degrees).ok_or(Error::Internal)?;
                let entries = tables.get_mut(..n_table).ok_or(Error::Internal)?;
                fill_fourier_table(sizes, entries, T::from_f64).ok_or(Error::Internal)?;
                Kernel::Fourier(FourierTable::new(sizes, entries).ok_or(Error::Internal)?)
            }
            _ => Kernel::Direct,
        };
        let factors =
            if n_factors == 0 { [&[][..]; 3] } else { fill_factors(desc.normalization, degrees, factors)? };
        let level = Level::up_to(desc.isa);
        Ok(Self {
            desc: PlanDesc { engine, ..*desc },
            level,
            workspace_len: memory.workspace,
            factors,
            kernel,
        })
    }

    /// The description, with the engine that was chosen.
    #[must_use]
    pub const fn desc(&self) -> &PlanDesc {
        &self.desc
    }

    /// The engine in use, never [`Engine::Auto`].
    #[must_use]
    pub const fn engine(&self) -> Engine {
        self.desc.engine
    }

    /// The ISA level in use.
    #[must_use]
    pub const fn isa(&self) -> Isa {
        self.level.isa()
    }

    /// Cache lines of workspace that [`Self::execute`] needs.
    #[must_use]
    pub const fn workspace_len(&self) -> usize {
        self.workspace_len
    }

    /// Computes the product of `n_samples` samples: `out[s][c] = x1[s][c] · x2[s][c]` for every sample `s` and
    /// channel `c`. The arrays are laid out as the description says, with the lengths of [`PlanDesc::lengths`].
    ///
    /// The workspace's contents do not matter before the call and are undefined after it. The same plan gives the same
    /// bits for any split of the samples over calls or threads. Never panics, allocates nothing.
    ///
    /// # Errors
    /// [`Error::Overflow`]; [`Error::LengthMismatch`] for the first array of the wrong length;
    /// [`Error::StorageTooSmall`] for the workspace. Nothing has been written then.
    pub fn execute(
        &self,
        n_samples: usize,
        x1: &[T],
        x2: &[T],
        weights: &Weights<'_, T>,
        out: &mut [T],
        workspace: &mut [CacheLine],
    ) -> Result<(), Error> {
        let lengths = self.desc.lengths(n_samples)?;
        let check = |array, expected, received| {
            if expected == received {
                Ok(())
            } else {
                Err(Error::LengthMismatch { array, expected, received })
            }
        };
        check("x1", lengths.x1, x1.len())?;
        check("x2", lengths.x2, x2.len())?;
        check("weights1", lengths.weights1, weights.weights1.len())?;
        check("weights2", lengths.weights2, weights.weights2.len())?;
        check("weights3", lengths.weights3, weights.weights3.len())?;
        check("out", lengths.out, out.len())?;
        let workspace_len = workspace.len();
        let workspace = workspace
            .get_mut(..self.workspace_len)
            .ok_or(Error::StorageTooSmall { expected: self.workspace_len, received: workspace_len })?;
        let execute = product::Execute {
            plan: self,
            n_samples,
            operands: [x1, x2],
            layouts: self.desc.array_layouts()?,
            weights: [weights.weights1, weights.weights2, weights.weights3],
            out,
            workspace,
        };
        T::run(self.level, execute).ok_or(Error::Internal)
    }
}

/// Fills the normalisation's factors: coefficients of operands are multiplied by the harmonics' factor, those of the
/// output divided by it.
fn fill_factors<T: Real>(
    normalization: Normalization,
    [l1, l2, l3]: [usize; 3],
    memory: &mut [T],
) -> Result<[&[T]; 3], Error> {
    let (first, rest) = memory.split_at_mut_checked(l1 + 1).ok_or(Error::Internal)?;
    let (second, third) = rest.split_at_mut_checked(l2 + 1).ok_or(Error::Internal)?;
    let third = third.get_mut(..=l3).ok_or(Error::Internal)?;
    let fill = |slots: &mut [T], factor: &dyn Fn(usize) -> f64| {
        slots.iter_mut().enumerate().for_each(|(l, slot)| *slot = T::from_f64(factor(l)));
    };
    fill(first, &|l| normalization.factor(l));
    fill(second, &|l| normalization.factor(l));
    fill(third, &|l| 1.0 / normalization.factor(l));
    Ok([first, second, third])
}
