//! Plans: everything that is decided before the data comes.

use core::fmt::Debug;
use core::marker::PhantomData;

use crate::conversion::ConvertLayout;
use crate::engine::fourier::Torus;
use crate::engine::octahedral::{BlocksAtATime, OctahedralKernel};
use crate::engine::{direct, fourier};
use crate::error::{Error, check_len};
use crate::harmonics;
use crate::isa::{Isa, Level};
use crate::lanes::{CacheLine, LaneOps, Remaining, cast_mut};
use crate::layout::{ArrayLayout, Broadcast, Layout};
use crate::rotation;
use crate::tables::Constants;
use crate::tables::fourier::{FourierSizes, FourierTable, MAX_DEGREE, MAX_FREQUENCY_SUM, fill_fourier_table};
pub(crate) use crate::tables::gaunt::LMAX_DIRECT;
use crate::tables::grid::{
    GradientTable, GridTable, compiled_lmax, fill_gradient_table, fill_grid_table, grid_table_len, n_theta,
};
use crate::trilinear::{self, Arrangement, Schedule};

/// Largest supported degree of an operand.
pub const LMAX_INPUT: usize = 256;

// Outputs have degrees to twice that, products of an output and an operand three times.
const _: () = assert!(MAX_DEGREE >= 2 * LMAX_INPUT && MAX_FREQUENCY_SUM >= 5 * LMAX_INPUT);

/// An element type: `f32` or `f64`.
pub trait Real: LaneOps + Constants + PartialOrd + PartialEq + Default + Debug + Into<f64> {
    /// Runs an execution at a level: not generic, so that the kernels are compiled in this crate, once.
    #[doc(hidden)]
    fn run(level: Level, execute: &mut trilinear::Execute<'_, '_, Self>) -> Option<()>;

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
    fn run(level: Level, execute: &mut trilinear::Execute<'_, '_, Self>) -> Option<()> {
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
    fn run(level: Level, execute: &mut trilinear::Execute<'_, '_, Self>) -> Option<()> {
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
    /// The bracket: the coefficients of `r̂·(∇f × ∇g)` on the unit sphere up to `lmax3`.
    Bracket,
    /// Both together, such that parity is complete: functions have a natural and a pseudo [part](Parts), and
    ///
    /// ```text
    /// natural = f·g + f'·g' + {f, g'} + {f', g}        pseudo = f·g' + f'·g + {f, g} + {f', g'}
    /// ```
    ///
    /// for operands with natural parts `f`, `g` and pseudo parts `f'`, `g'`, with `{ , }` the bracket. The output has both
    /// parts; operands have what [`PlanDesc::parts1`] and [`PlanDesc::parts2`] say.
    ProductAndBracket,
}

/// The parts of a function, by their parity under inversion: degree `l` of the *natural* part has `(−1)^l`, as a function on
/// the sphere has, and the *pseudo* part the opposite. An array with both has, sample by sample, all of the natural, then all
/// of the pseudo part, each in the plan's layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parts {
    /// The natural part alone.
    Natural,
    /// Both, the natural one first.
    Both,
}

/// How it is computed. Engines differ in speed and in the last bits, not in meaning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Engine {
    /// The library chooses.
    #[default]
    Auto,
    /// Sparse Gaunt coefficients in straight-line code; operands to degree 4.
    Direct,
    /// Quadrature on a Gauss–Legendre × equispaced grid, exact; every degree. ([`Operation::Product`] of three functions of one
    /// degree from 5 to 9, or of degrees 6, 6 and 12, is taken at the fewer points of a rule with the symmetry of the octahedron.)
    Grid,
    /// Two-dimensional Fourier series and fast Fourier transforms, exact; every degree. [`Self::Auto`] takes it for large
    /// degrees: from about 52 on; for product and bracket together from 48 on, if the output has almost all degrees and operands
    /// one part. It chooses for executions; gradients take 0.9 to 1.5 times as long as on the grid.
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
    /// Parts of the first operand; other than the default [`Parts::Natural`] with [`Operation::ProductAndBracket`] only.
    pub parts1: Parts,
    /// Likewise of the second operand.
    pub parts2: Parts,
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
    /// For [`Plan::new`]: the plan's tables. 0 for products of operands to degree 12 with orthonormal harmonics, unless the
    /// engine is [`Engine::Fourier`].
    pub tables: usize,
    /// For [`Plan::execute`], [`Plan::jvp`] and [`Plan::vjp`]: the workspace, for any number of samples.
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

/// Directions of [`Plan::jvp`]: how the arguments change, each as long as the argument; `None` for one that does not.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tangents<'a, T> {
    /// Of the first operand.
    pub x1: Option<&'a [T]>,
    /// Of the second operand.
    pub x2: Option<&'a [T]>,
    /// Of the first operand's weights.
    pub weights1: Option<&'a [T]>,
    /// Of the second operand's weights.
    pub weights2: Option<&'a [T]>,
    /// Of the output's weights.
    pub weights3: Option<&'a [T]>,
}

/// Results of [`Plan::vjp`], each as long as the argument it is the gradient of; `None` for one that is not wanted.
#[derive(Debug, Default)]
pub struct Gradients<'a, T> {
    /// With respect to the first operand.
    pub x1: Option<&'a mut [T]>,
    /// With respect to the second operand.
    pub x2: Option<&'a mut [T]>,
    /// With respect to the first operand's weights.
    pub weights1: Option<&'a mut [T]>,
    /// With respect to the second operand's weights.
    pub weights2: Option<&'a mut [T]>,
    /// With respect to the output's weights.
    pub weights3: Option<&'a mut [T]>,
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
            parts1: Parts::Natural,
            parts2: Parts::Natural,
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

    /// The bracket of functions to degrees `lmax1` and `lmax2`, up to degree `lmax3`.
    #[must_use]
    pub const fn bracket(lmax1: usize, lmax2: usize, lmax3: usize) -> Self {
        Self::new(Operation::Bracket, lmax1, lmax2, lmax3)
    }

    /// Product and bracket together, of functions with one part; set `parts1`, `parts2` for two.
    #[must_use]
    pub const fn product_and_bracket(lmax1: usize, lmax2: usize, lmax3: usize) -> Self {
        Self::new(Operation::ProductAndBracket, lmax1, lmax2, lmax3)
    }

    /// Checks that an engine serves the degrees and the operation the parts.
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
        if self.operation != Operation::ProductAndBracket && !self.has_one_part() {
            return Err(Error::Unsupported);
        }
        let direct = direct::supports(l1, l2);
        match self.engine {
            Engine::Direct if !direct => Err(Error::Unsupported),
            Engine::Auto if direct => Ok(Engine::Direct),
            Engine::Auto => Ok(if self.favours_fourier() { Engine::Fourier } else { Engine::Grid }),
            engine => Ok(engine),
        }
    }

    /// Whether both operands have their natural part only.
    fn has_one_part(&self) -> bool {
        [self.parts1, self.parts2] == [Parts::Natural; 2]
    }

    /// Whether *fourier* is faster than *grid* at these degrees, as `benches/crossover` measured: from about degree 52 on, with
    /// output to 2L from 32 on, but not if the output's degree is low, for which the grid needs fewer rings. Product and bracket
    /// together have more samples than caches hold, and gain with output to almost the sum of the degrees only, from 48 on.
    /// (With operands of two parts, which are not in the record, *fourier* took 0.9 to 1.3 times as long even there.)
    fn favours_fourier(&self) -> bool {
        let [l1, l2, l3] = self.contributing();
        match self.operation {
            Operation::Product | Operation::Bracket => l1 + l2 + 3 * l3 >= 256 && 2 * l3 >= l1 + l2,
            Operation::ProductAndBracket => {
                self.has_one_part() && l1 + l2 + 3 * l3 >= 384 && 8 * l3 >= 7 * (l1 + l2)
            }
        }
    }

    /// The degrees that can contribute: an operand's degrees above `lmax3` plus the other operand's `lmax` cannot
    /// (triangle rule), and are not read.
    pub(crate) fn contributing(&self) -> [usize; 3] {
        let [l1, l2, l3] = [self.lmax1, self.lmax2, self.lmax3];
        [l1.min(l2 + l3), l2.min(l1 + l3), l3]
    }

    /// Whether all degrees can contribute.
    pub(crate) fn all_contribute(&self) -> bool {
        let [l1, l2, _] = self.contributing(); // those of the output always do
        l1 == self.lmax1 && l2 == self.lmax2
    }

    /// The kernel that the grid engine has for this, if it is a product of such degrees.
    fn octahedral_kernel(&self) -> Option<OctahedralKernel> {
        let kernel = OctahedralKernel::of_degrees(self.contributing())?;
        if self.operation == Operation::Product { Some(kernel) } else { None }
    }

    /// Which operand is the same function for all channels of a sample.
    pub(crate) fn shared_by_channels(&self) -> [bool; 2] {
        let shared =
            |broadcast: Broadcast, weights| broadcast.over_channels() && weights != WeightKind::PerChannel;
        [shared(self.broadcast1, self.weights1), shared(self.broadcast2, self.weights2)]
    }

    /// Which gradients are sums: of operands that channels or samples share.
    pub(crate) fn sums(&self) -> [bool; 3] {
        [self.broadcast1 != Broadcast::None, self.broadcast2 != Broadcast::None, false]
    }

    /// Which arrays hold coefficients as the engines need them: channels are neighbours, and there are no factors.
    pub(crate) fn plain_arrays(&self) -> [bool; 3] {
        let is_plain = |broadcast: Broadcast, weights| {
            self.layout == Layout::LmChannel
                && self.normalization == Normalization::Integral
                && !broadcast.over_channels()
                && weights == WeightKind::None
        };
        [
            is_plain(self.broadcast1, self.weights1),
            is_plain(self.broadcast2, self.weights2),
            is_plain(Broadcast::None, self.weights3),
        ]
    }

    /// Which parts, natural and pseudo, the two operands and the output have.
    fn parts(&self) -> [[bool; 2]; 3] {
        let of = |parts| [true, parts == Parts::Both];
        match self.operation {
            Operation::Product => [[true, false]; 3],
            Operation::Bracket => [[true, false], [true, false], [false, true]],
            Operation::ProductAndBracket => [of(self.parts1), of(self.parts2), [true; 2]],
        }
    }

    /// What the plan's tables are.
    fn tables<T: Real>(&self) -> Result<Tables, Error> {
        let engine = self.resolve_engine()?;
        let degrees @ [l1, l2, l3] = self.contributing();
        let (total, lmax) = (l1 + l2 + l3, l1.max(l2).max(l3));
        let brackets = self.operation != Operation::Product;
        let factors = match self.normalization {
            Normalization::Integral => 0,
            _ => degrees.iter().map(|l| l + 1).sum(),
        };
        let mut tables = Tables { engine, factors, lmax, ..Tables::default() };
        // Derivatives by operands have degrees that the direct engine may not serve.
        tables.vjp_on_grid = engine == Engine::Direct && l3 > LMAX_DIRECT;
        tables.octahedral = if engine == Engine::Grid { self.octahedral_kernel() } else { None };
        if tables.octahedral.is_none() && (engine == Engine::Grid || tables.vjp_on_grid) {
            tables.n_theta = n_theta(total);
            let len = grid_table_len(tables.n_theta, lmax);
            tables.grid_len = if T::grid_table(tables.n_theta).is_some() { 0 } else { len };
            tables.gradient_len = if brackets { len } else { 0 };
        }
        if engine == Engine::Fourier {
            let forward = fourier::sizes(l1.max(l2), l3, l1 + l2, total, brackets).ok_or(Error::Internal)?;
            let bandwidth = total - l1.min(l2).min(l3);
            let backward = fourier::sizes(lmax, lmax, bandwidth, total, brackets).ok_or(Error::Internal)?;
            tables.fourier = [Some(forward), if backward == forward { None } else { Some(backward) }];
        }
        Ok(tables)
    }

    /// The derivatives of the form that all gradients need: that by the third function is for its weights only.
    fn all_gradients(&self) -> [bool; 3] {
        [true, true, self.weights3 != WeightKind::None]
    }

    /// Those of executions and of gradients.
    fn arrangements<T: Real>(&self, tables: &Tables) -> Result<[Arrangement; 2], Error> {
        let [forward, backward] = tables.fourier;
        let layouts = self.array_layouts()?;
        let largest_sample = layouts.iter().flatten().map(|layout| layout.sample_stride).max().unwrap_or(0);
        let sample_bytes = largest_sample.saturating_mul(size_of::<T>());
        let at_a_time = Level::up_to(self.isa).run(BlocksAtATime::<T>(PhantomData));
        let octahedral = tables.octahedral.map(|kernel| (kernel, at_a_time));
        let arrangement = |wanted, kernel| {
            Arrangement::new(self, &Schedule::new(self.parts(), wanted), kernel, sample_bytes)
        };
        Ok([
            arrangement(FORWARD, (tables.engine, forward, octahedral)),
            arrangement(self.all_gradients(), (tables.vjp_engine(), backward.or(forward), octahedral)),
        ])
    }

    /// Lengths of the arrays of one execution with `n_samples` samples.
    ///
    /// # Errors
    /// [`Error::Unsupported`] as [`Self::validate`]; [`Error::Overflow`] if one does not fit into `usize`.
    pub fn lengths(&self, n_samples: usize) -> Result<Lengths, Error> {
        self.validate()?;
        self.lengths_in(&self.array_layouts()?, n_samples)
    }

    /// Likewise, with the layouts at hand.
    fn lengths_in(&self, layouts: &[[ArrayLayout; 2]; 3], n_samples: usize) -> Result<Lengths, Error> {
        let [[x1, _], [x2, _], [out, _]] = layouts;
        Ok(Lengths {
            x1: x1.len(n_samples)?,
            x2: x2.len(n_samples)?,
            out: out.len(n_samples)?,
            weights1: self.weights1.len(self.lmax1, self.n_channels)?,
            weights2: self.weights2.len(self.lmax2, self.n_channels)?,
            weights3: self.weights3.len(self.lmax3, self.n_channels)?,
        })
    }

    /// Layouts of the natural and the pseudo part of the operands and of the output; the same if there is one part only.
    pub(crate) fn array_layouts(&self) -> Result<[[ArrayLayout; 2]; 3], Error> {
        let parts = self.parts();
        let array = |slot: usize, broadcast, lmax| {
            let layout = ArrayLayout::new(self.layout, broadcast, lmax, self.n_channels)?;
            if parts[slot] == [true; 2] { layout.with_two_parts() } else { Ok([layout; 2]) }
        };
        Ok([
            array(0, self.broadcast1, self.lmax1)?,
            array(1, self.broadcast2, self.lmax2)?,
            array(2, Broadcast::None, self.lmax3)?,
        ])
    }

    /// The memory that a plan of element type `T` and its executions need.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if no engine serves the degrees, [`Error::Overflow`] if an array size of one sample does
    /// not fit into `usize`.
    pub fn memory<T: Real>(&self) -> Result<Memory, Error> {
        let tables = self.tables::<T>()?;
        self.lengths(1)?;
        let [forward, backward] = self.arrangements::<T>(&tables)?;
        let lanes = forward.total().max(backward.total());
        let lanes_per_line = size_of::<CacheLine>() / (Level::up_to(self.isa).lanes::<T>() * size_of::<T>());
        Ok(Memory {
            tables: (tables.len() * size_of::<T>()).div_ceil(size_of::<CacheLine>()),
            workspace: lanes.div_ceil(lanes_per_line),
        })
    }
}

/// The derivatives of the form that make the result.
const FORWARD: [bool; 3] = [false, false, true];
/// Those that make the gradients with respect to the operands.
const BOTH_OPERANDS: [bool; 3] = [true, true, false];

/// What a plan's tables are, in elements.
#[derive(Clone, Copy, Default)]
struct Tables {
    engine: Engine,
    /// The normalisation's.
    factors: usize,
    /// Largest degree.
    lmax: usize,
    /// The grid engine's kernel, if there is one for these degrees.
    octahedral: Option<OctahedralKernel>,
    n_theta: usize,
    /// 0 if the table is a constant.
    grid_len: usize,
    /// The grid's derivatives; 0 without brackets.
    gradient_len: usize,
    /// Forwards, and backwards if that differs.
    fourier: [Option<FourierSizes>; 2],
    vjp_on_grid: bool,
}

impl Tables {
    fn len(&self) -> usize {
        let fourier = self.fourier.iter().flatten().map(FourierSizes::table_len).sum::<usize>();
        self.factors + self.grid_len + self.gradient_len + fourier
    }

    fn vjp_engine(&self) -> Engine {
        if self.vjp_on_grid { Engine::Grid } else { self.engine }
    }
}

/// A decided operation: immutable, shareable between threads, with tables in constants or in the caller's memory.
#[derive(Clone, Copy, Debug)]
pub struct Plan<'t, T> {
    desc: PlanDesc,
    level: Level,
    workspace_len: usize,
    /// The normalisation's factors for the two operands and the output; empty if they are 1.
    pub(crate) factors: [&'t [T]; 3],
    /// Of the natural and the pseudo part of the operands and of the output.
    pub(crate) layouts: [[ArrayLayout; 2]; 3],
    forward: Schedule,
    forward_arrangement: Arrangement,
    kernel: Kernel<'t, T>,
    /// For derivatives with respect to operands: both of them, the usual case.
    vjp_kernel: Kernel<'t, T>,
    both_gradients: Schedule,
    vjp_arrangement: Arrangement,
}

/// The engine and its tables.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kernel<'t, T> {
    Direct,
    Grid(GridTable<'t, T>, GradientTable<'t, T>),
    /// The grid engine with a kernel for these degrees, and the table of its rule.
    Octahedral(OctahedralKernel, &'t [T]),
    Fourier(Torus<'t, T>),
}

/// Rounds an entry of a table. What tables hold are functions of order one where they are largest; entries below ε³ are left
/// out, as they are far below the roundings of others. They or their products would be subnormal, which slows some CPUs down.
/// (Measured on Cascade Lake, f32, degree 64: with such entries the grid took twice as long.)
fn table_entry<T: Real>(value: f64) -> T {
    let epsilon: f64 = T::EPSILON.into();
    T::from_f64(if value.abs() < epsilon * epsilon * epsilon { 0.0 } else { value })
}

impl<'t, T: Real> Plan<'t, T> {
    /// Decides a plan. `tables` is working memory that the plan keeps, [`Memory::tables`] cache lines; extra lines
    /// are ignored.
    ///
    /// Cost: nothing to speak of for products up to degree 12; above that, and for brackets on the grid, the tables in
    /// double-double arithmetic, O(L³) (a bracket of degree 12: a millisecond), and for
    /// [`Engine::Fourier`] at any degree, about `lmax3³ (lmax1 + lmax2) / 12` multiplications.
    ///
    /// # Errors
    /// [`Error::Unsupported`], [`Error::Overflow`] as [`PlanDesc::memory`]; [`Error::StorageTooSmall`].
    pub fn new(desc: &PlanDesc, tables: &'t mut [CacheLine]) -> Result<Self, Error> {
        let memory = desc.memory::<T>()?;
        if tables.len() < memory.tables {
            return Err(Error::StorageTooSmall { expected: memory.tables, received: tables.len() });
        }
        let needed = desc.tables::<T>()?;
        let degrees = desc.contributing();
        let mut remaining = Remaining(cast_mut::<_, T>(tables));
        let mut take = |len| remaining.take(len).ok_or(Error::Internal);
        let factors = take(needed.factors)?;
        let factors = if needed.factors == 0 {
            [&[][..]; 3]
        } else {
            fill_factors(desc.normalization, degrees, factors)?
        };
        let grid = if let Some(kernel) = needed.octahedral {
            Some(Kernel::Octahedral(kernel, T::octahedral_table(kernel.rule).ok_or(Error::Internal)?))
        } else if needed.n_theta == 0 {
            None
        } else {
            let Tables { n_theta, lmax, .. } = needed;
            let table = if let Some(constant) = T::grid_table(n_theta) {
                GridTable::new(n_theta, compiled_lmax(n_theta), constant)
            } else {
                let entries = take(needed.grid_len)?;
                fill_grid_table(n_theta, lmax, entries, table_entry::<T>).ok_or(Error::Internal)?;
                GridTable::new(n_theta, lmax, entries)
            };
            let gradient = if needed.gradient_len == 0 {
                Some(GradientTable::NONE)
            } else {
                let entries = take(needed.gradient_len)?;
                fill_gradient_table(n_theta, lmax, entries, table_entry::<T>).ok_or(Error::Internal)?;
                GradientTable::new(n_theta, lmax, entries)
            };
            Some(Kernel::Grid(table.ok_or(Error::Internal)?, gradient.ok_or(Error::Internal)?))
        };
        let mut fourier = [None; 2];
        for (kernel, sizes) in fourier.iter_mut().zip(needed.fourier) {
            if let Some(sizes) = sizes {
                let entries = take(sizes.table_len())?;
                fill_fourier_table(sizes, entries, table_entry::<T>).ok_or(Error::Internal)?;
                let torus = FourierTable::new(sizes, entries).and_then(Torus::new);
                *kernel = Some(Kernel::Fourier(torus.ok_or(Error::Internal)?));
            }
        }
        let (kernel, vjp_kernel) = match needed.engine {
            Engine::Direct => (Kernel::Direct, grid.unwrap_or(Kernel::Direct)),
            Engine::Fourier => {
                let kernel = fourier[0].ok_or(Error::Internal)?;
                (kernel, fourier[1].unwrap_or(kernel))
            }
            _ => {
                let kernel = grid.ok_or(Error::Internal)?;
                (kernel, kernel)
            }
        };
        let [forward_arrangement, vjp_arrangement] = desc.arrangements::<T>(&needed)?;
        Ok(Self {
            desc: PlanDesc { engine: needed.engine, ..*desc },
            level: Level::up_to(desc.isa),
            workspace_len: memory.workspace,
            factors,
            layouts: desc.array_layouts()?,
            forward: Schedule::new(desc.parts(), FORWARD),
            forward_arrangement,
            kernel,
            vjp_kernel,
            both_gradients: Schedule::new(desc.parts(), BOTH_OPERANDS),
            vjp_arrangement,
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

    /// The engine of [`Self::vjp`]: the same, but for [`Engine::Direct`] with outputs beyond its degrees, whose gradients take
    /// [`Engine::Grid`].
    #[must_use]
    pub const fn vjp_engine(&self) -> Engine {
        match self.vjp_kernel {
            Kernel::Direct => Engine::Direct,
            Kernel::Grid(..) | Kernel::Octahedral(..) => Engine::Grid,
            Kernel::Fourier(_) => Engine::Fourier,
        }
    }

    /// Whether products are taken at the points of a rule with the symmetry of the octahedron.
    pub(crate) const fn takes_octahedral_rule(&self) -> bool {
        matches!(self.kernel, Kernel::Octahedral(..))
    }

    /// The ISA level in use.
    #[must_use]
    pub const fn isa(&self) -> Isa {
        self.level.isa()
    }

    /// Cache lines of workspace that [`Self::execute`], [`Self::jvp`] and [`Self::vjp`] need.
    #[must_use]
    pub const fn workspace_len(&self) -> usize {
        self.workspace_len
    }

    /// Computes the operation for `n_samples` samples: `out[s][c] = x1[s][c] · x2[s][c]` for every sample `s` and
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
        let lengths = self.lengths(n_samples)?;
        check_arguments(&lengths, x1, x2, weights)?;
        check_len("out", lengths.out, out.len())?;
        self.forward(n_samples, [x1, x2], weights, out, false, self.checked(workspace)?)
    }

    /// Derivatives along a direction (Jacobian–vector product): how the result of [`Self::execute`] changes with the arguments,
    ///
    /// ```text
    /// out = Σ_a ∂result/∂a · tangent_a
    /// ```
    ///
    /// over the arguments `a` (operands and weights) that have a tangent. Added to what `out` holds if `accumulate`. The result
    /// is linear in every argument, so this is the sum of as many executions as there are tangents.
    ///
    /// # Errors
    /// As [`Self::execute`].
    pub fn jvp(
        &self,
        n_samples: usize,
        x1: &[T],
        x2: &[T],
        weights: &Weights<'_, T>,
        tangents: &Tangents<'_, T>,
        accumulate: bool,
        out: &mut [T],
        workspace: &mut [CacheLine],
    ) -> Result<(), Error> {
        let lengths = self.lengths(n_samples)?;
        check_arguments(&lengths, x1, x2, weights)?;
        let Weights { weights1, weights2, weights3 } = *weights;
        // Weights that the plan does not have do not change.
        let tangent1 = tangents.weights1.filter(|tangent| lengths.weights1.max(tangent.len()) > 0);
        let tangent2 = tangents.weights2.filter(|tangent| lengths.weights2.max(tangent.len()) > 0);
        let tangent3 = tangents.weights3.filter(|tangent| lengths.weights3.max(tangent.len()) > 0);
        // The arguments with one replaced by its tangent.
        let directions = [
            ("tangent of x1", tangents.x1.map(|x1| ([x1, x2], *weights))),
            ("tangent of x2", tangents.x2.map(|x2| ([x1, x2], *weights))),
            (
                "tangent of weights1",
                tangent1.map(|weights1| ([x1, x2], Weights { weights1, weights2, weights3 })),
            ),
            (
                "tangent of weights2",
                tangent2.map(|weights2| ([x1, x2], Weights { weights1, weights2, weights3 })),
            ),
            (
                "tangent of weights3",
                tangent3.map(|weights3| ([x1, x2], Weights { weights1, weights2, weights3 })),
            ),
        ];
        for (array, direction) in &directions {
            if let Some(([x1, x2], weights)) = direction {
                check_arguments(&lengths, x1, x2, weights).map_err(|error| error.with_array(array))?;
            }
        }
        check_len("out", lengths.out, out.len())?;
        let workspace = self.checked(workspace)?;
        let mut accumulate = accumulate;
        for (operands, weights) in directions.iter().filter_map(|(_, direction)| *direction) {
            self.forward(n_samples, operands, &weights, out, accumulate, workspace)?;
            accumulate = true;
        }
        if !accumulate {
            out.fill(T::default());
        }
        Ok(())
    }

    /// Gradients (vector–Jacobian product): from that of a number with respect to the result of [`Self::execute`], its
    /// gradients with respect to the arguments,
    ///
    /// ```text
    /// gradients.a = Σ_k cotangent_k ∂result_k/∂a
    /// ```
    ///
    /// for the arguments `a` (operands and weights) where one is wanted. Added to what the arrays hold if `accumulate`.
    /// Gradients of what channels or samples share are sums over these, taken one after the other in order: accumulating over
    /// successive parts of a batch gives the same bits as the whole batch at once.
    ///
    /// The derivatives of product and bracket are products and brackets again: `vjp` is linear in `cotangent` and in every
    /// argument but the one that it is the gradient of, and its own derivatives are calls of [`Self::jvp`] and [`Self::vjp`]
    /// (see [`conventions`](crate::conventions)).
    ///
    /// # Errors
    /// As [`Self::execute`].
    pub fn vjp(
        &self,
        n_samples: usize,
        x1: &[T],
        x2: &[T],
        weights: &Weights<'_, T>,
        cotangent: &[T],
        gradients: Gradients<'_, T>,
        accumulate: bool,
        workspace: &mut [CacheLine],
    ) -> Result<(), Error> {
        let lengths = self.lengths(n_samples)?;
        check_arguments(&lengths, x1, x2, weights)?;
        check_len("cotangent", lengths.out, cotangent.len())?;
        let Gradients { x1: gradient1, x2: gradient2, weights1, weights2, weights3 } = gradients;
        let optional = |array, expected, gradient: &Option<&mut [T]>| {
            gradient.as_ref().map_or(Ok(()), |gradient| check_len(array, expected, gradient.len()))
        };
        optional("gradient of x1", lengths.x1, &gradient1)?;
        optional("gradient of x2", lengths.x2, &gradient2)?;
        optional("gradient of weights1", lengths.weights1, &weights1)?;
        optional("gradient of weights2", lengths.weights2, &weights2)?;
        optional("gradient of weights3", lengths.weights3, &weights3)?;
        let workspace = self.checked(workspace)?;
        // Weights that the plan does not have have no gradients.
        let weight_gradients =
            [weights1, weights2, weights3].map(|gradient| gradient.filter(|gradient| !gradient.is_empty()));
        let gradients = [gradient1, gradient2, None];
        let mut wanted = [false; 3];
        for (wanted, (gradient, of_weights)) in wanted.iter_mut().zip(gradients.iter().zip(&weight_gradients))
        {
            *wanted = gradient.is_some() || of_weights.is_some();
        }
        if !wanted.contains(&true) {
            return Ok(());
        }
        let other;
        let schedule = if wanted == BOTH_OPERANDS {
            &self.both_gradients
        } else {
            other = Schedule::new(self.desc.parts(), wanted);
            &other
        };
        let mut execute = trilinear::Execute {
            plan: self,
            kernel: &self.vjp_kernel,
            schedule,
            arrangement: &self.vjp_arrangement,
            n_samples,
            functions: [x1, x2, cotangent],
            weights: [weights.weights1, weights.weights2, weights.weights3],
            gradients,
            weight_gradients,
            accumulate,
            workspace,
        };
        execute.run(self.level).ok_or(Error::Internal)
    }

    /// [`Self::execute`] with arguments that have been checked.
    pub(crate) fn forward(
        &self,
        n_samples: usize,
        [x1, x2]: [&[T]; 2],
        weights: &Weights<'_, T>,
        out: &mut [T],
        accumulate: bool,
        workspace: &mut [CacheLine],
    ) -> Result<(), Error> {
        let mut execute = trilinear::Execute {
            plan: self,
            kernel: &self.kernel,
            schedule: &self.forward,
            arrangement: &self.forward_arrangement,
            n_samples,
            functions: [x1, x2, &[]],
            weights: [weights.weights1, weights.weights2, weights.weights3],
            gradients: [None, None, Some(out)],
            weight_gradients: [None, None, None],
            accumulate,
            workspace,
        };
        execute.run(self.level).ok_or(Error::Internal)
    }

    /// [`PlanDesc::lengths`] of this plan's description, which it knows without computing anything anew.
    pub(crate) fn lengths(&self, n_samples: usize) -> Result<Lengths, Error> {
        self.desc.lengths_in(&self.layouts, n_samples)
    }

    /// The workspace, if it is large enough.
    fn checked<'a>(&self, workspace: &'a mut [CacheLine]) -> Result<&'a mut [CacheLine], Error> {
        let (expected, received) = (self.workspace_len, workspace.len());
        workspace.get_mut(..expected).ok_or(Error::StorageTooSmall { expected, received })
    }
}

/// Checks the lengths of operands and weights.
fn check_arguments<T>(lengths: &Lengths, x1: &[T], x2: &[T], weights: &Weights<'_, T>) -> Result<(), Error> {
    check_len("x1", lengths.x1, x1.len())?;
    check_len("x2", lengths.x2, x2.len())?;
    check_len("weights1", lengths.weights1, weights.weights1.len())?;
    check_len("weights2", lengths.weights2, weights.weights2.len())?;
    check_len("weights3", lengths.weights3, weights.weights3.len())
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
