//! The operation *harmonics*: `Y_lm(r)` for a batch of vectors, their gradients, and the pull-back of gradients.

mod derivatives;
mod values;

use pulp::{Simd, WithSimd};

use crate::error::{Error, check_len};
use crate::index::n_lm;
use crate::isa::{Isa, Level, outline};
use crate::lanes::{ANY, CacheLine, cast_mut, lane_count};
use crate::layout::{ArrayLayout, Broadcast, Layout};
use crate::plan::{Normalization, Real};
use crate::tables::harmonics::LMAX;
use crate::transfer::{Block, DegreeScale, Gather, Scatter, Transfer};
use derivatives::{Gradients, PullBack};
use values::{Evaluation, MAX_UNROLLED, Outputs, Values};

/// Largest supported degree of [`HarmonicsDesc`].
pub const LMAX_HARMONICS: usize = LMAX;

/// What the harmonics are functions of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HarmonicsKind {
    /// The direction: `Y_lm(r / |r|)`. For the zero vector, which has none, harmonics of degree 1 and higher are 0, and
    /// so are all gradients.
    Surface,
    /// The vector: `|r|^l Y_lm(r / |r|)`, homogeneous polynomials of degree `l`. Regular everywhere.
    Solid,
}

/// Describes harmonics of a batch of vectors: set what differs from the defaults of [`HarmonicsDesc::new`].
///
/// There is no plan: the tables are constants, and every description with `lmax <= LMAX_HARMONICS` can be executed.
///
/// ```
/// use gaunt::{CacheLine, HarmonicsDesc};
///
/// # fn main() -> Result<(), gaunt::Error> {
/// let desc = HarmonicsDesc::new(1);
/// let xyz = [0.0, 3.0, 4.0]; // one vector
/// let mut y = [0.0; 4];
/// let mut workspace = vec![CacheLine::ZERO; desc.workspace_len()?];
/// desc.values(1, &xyz, &mut y, &mut workspace)?;
/// assert!((y[1] - 0.4886025119029199 * 0.6_f64).abs() < 1e-15); // √(3/4π) y / |r|
/// # Ok(())
/// # }
/// ```
///
/// # Arrays
///
/// Vectors are `[sample][channel][3]` coordinates `x, y, z`, whatever the layout. Everything with an index `lm` has the
/// layout, the length and the meaning of a product's operand of degree `lmax`, so that it can be one: harmonics, their
/// derivatives with respect to `x`, to `y` and to `z` (an array each), and what a vjp takes. With one channel all layouts
/// are `[vector][lm]`.
///
/// # Formulas
///
/// `Y_lm = peak_lm p_lm (c_m, s_m)`, with `c_m + i s_m = (x + iy)ᵐ` and Gegenbauer polynomials `p_lm(z)` that are 1 at
/// the pole, as homogeneous polynomials of `z` and `|r|` (see the source of this module for the recurrence). Gradients of
/// the solid harmonics are, exactly, combinations of solid harmonics of degree `l − 1`; those of the direction follow
/// by `∇(|r|⁻ˡ R_lm) = |r|⁻ˡ (∇R_lm − l r R_lm / |r|²)`.
///
/// # Errors and edge cases
///
/// With `u` the unit roundoff and `M_l = √((2l + 1)/4π)` (times the normalisation's factor), the largest value of a
/// harmonic of degree `l`, values for direction are off by at most `8 (l + 1) u M_l`, gradients by `24 (l + 1) u` times
/// `l M_l / |r|`; solid ones by that times `|r|^l`. Nothing grows near the poles.
///
/// Components may have any size: the norm neither overflows nor underflows. For `|r|` below 2⁻¹¹⁰ (`f64`: 2⁻¹⁰⁰⁶) the
/// gradients of the direction's harmonics are those of that norm, so that they stay finite. Solid harmonics are accurate as
/// long as `2⁵⁰ |r|^l` does not overflow nor `2⁻⁵⁰ |r|^l` underflow; at degree 1 always. A vector with a NaN or an infinity
/// gives NaN or infinity for degrees 1 and higher, and touches no other vector.
///
/// Mirror images have the same bits up to the sign: `x → −x`, `y → −y`, `z → −z`, and `x ↔ y`; so what vanishes by such
/// a symmetry is 0 exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HarmonicsDesc {
    /// Largest degree, at most [`LMAX_HARMONICS`].
    pub lmax: usize,
    /// Number of vectors per sample. Default 1.
    pub n_channels: usize,
    /// Layout of everything with an index `lm`. Default [`Layout::LmChannel`].
    pub layout: Layout,
    /// Normalisation of the harmonics. Default [`Normalization::Integral`].
    pub normalization: Normalization,
    /// What the harmonics are functions of. Default [`HarmonicsKind::Surface`].
    pub kind: HarmonicsKind,
    /// The highest ISA level to use; `None` (the default) for the best of the CPU. Levels that the CPU lacks are never
    /// used: the highest available one that is not above this is taken.
    pub isa: Option<Isa>,
}

/// Lengths, in elements, of the arrays of one execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HarmonicsLengths {
    /// Of the coordinates of the vectors.
    pub xyz: usize,
    /// Of each array with an index `lm`: harmonics, each of their derivatives, what a vjp takes.
    pub values: usize,
}

/// Rows of lanes that go through the kernels together: enough that the costs of a call hardly count, few enough (16 KiB
/// with AVX-512) for the nearest cache.
const RUN_ROWS: usize = 256;

/// How many arrays of rows an execution has at most: values and three derivatives.
const MAX_ARRAYS: usize = 4;

/// How many blocks go through the kernels together, with so many arrays of rows.
const fn run_blocks(lmax: usize, arrays: usize) -> usize {
    match RUN_ROWS.checked_div(arrays * n_lm(lmax)) {
        Some(blocks) if blocks > 0 => blocks,
        _ => 1,
    }
}

impl HarmonicsDesc {
    /// A description with one channel and the defaults for everything else.
    #[must_use]
    pub const fn new(lmax: usize) -> Self {
        Self {
            lmax,
            n_channels: 1,
            layout: Layout::LmChannel,
            normalization: Normalization::Integral,
            kind: HarmonicsKind::Surface,
            isa: None,
        }
    }

    /// Lengths of the arrays of one execution with `n_samples` samples.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if `lmax` is above [`LMAX_HARMONICS`], [`Error::Overflow`] if a length does not fit into
    /// `usize`.
    pub fn lengths(&self, n_samples: usize) -> Result<HarmonicsLengths, Error> {
        let values = self.array_layout()?.len(n_samples)?;
        let xyz = n_samples.checked_mul(self.n_channels).and_then(|pairs| pairs.checked_mul(3));
        Ok(HarmonicsLengths { xyz: xyz.ok_or(Error::Overflow)?, values })
    }

    /// Cache lines of workspace that an execution needs, for either element type and any number of samples.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if `lmax` is above [`LMAX_HARMONICS`].
    pub fn workspace_len(&self) -> Result<usize, Error> {
        if self.lmax > LMAX {
            return Err(Error::Unsupported);
        }
        let vector = Level::up_to(self.isa).lanes::<f64>() * size_of::<f64>();
        Ok((self.workspace_rows() * vector).div_ceil(size_of::<CacheLine>()))
    }

    fn workspace_rows(&self) -> usize {
        RUN_ROWS.max(MAX_ARRAYS * n_lm(self.lmax)) + derivatives::neighbours_len(self.lmax)
    }

    /// Layout of the arrays with an index `lm`.
    fn array_layout(&self) -> Result<ArrayLayout, Error> {
        if self.lmax > LMAX {
            return Err(Error::Unsupported);
        }
        ArrayLayout::new(self.layout, Broadcast::None, self.lmax, self.n_channels)
    }

    /// The harmonics of the vectors of `n_samples` samples.
    ///
    /// - `xyz`: the vectors, `[sample][channel][3]`.
    /// - `values`: receives `Y_lm`.
    /// - `workspace`: [`Self::workspace_len`] cache lines; its contents do not matter and are undefined afterwards.
    ///
    /// The same description gives the same bits for any split of the samples over calls or threads and any alignment.
    /// Never panics, allocates nothing.
    ///
    /// # Errors
    /// [`Error::Unsupported`], [`Error::Overflow`] as [`Self::lengths`]; [`Error::LengthMismatch`] for the first array of
    /// the wrong length; [`Error::StorageTooSmall`] for the workspace. Nothing has been written then.
    pub fn values<T: Real>(
        &self,
        n_samples: usize,
        xyz: &[T],
        values: &mut [T],
        workspace: &mut [CacheLine],
    ) -> Result<(), Error> {
        let lengths = self.lengths(n_samples)?;
        check_len("xyz", lengths.xyz, xyz.len())?;
        check_len("values", lengths.values, values.len())?;
        self.run(n_samples, xyz, Task::Values(values), workspace)
    }

    /// The harmonics and their derivatives, in one pass.
    ///
    /// - `gradients`: receives `∂Y_lm/∂x`, `∂Y_lm/∂y` and `∂Y_lm/∂z`, each in an array of its own with the layout and
    ///   length of the values.
    ///
    /// Otherwise as [`Self::values`], whose bits the values have.
    ///
    /// # Errors
    /// As [`Self::values`].
    pub fn gradients<T: Real>(
        &self,
        n_samples: usize,
        xyz: &[T],
        values: &mut [T],
        gradients: [&mut [T]; 3],
        workspace: &mut [CacheLine],
    ) -> Result<(), Error> {
        let lengths = self.lengths(n_samples)?;
        check_len("xyz", lengths.xyz, xyz.len())?;
        check_len("values", lengths.values, values.len())?;
        for (name, gradient) in ["dx", "dy", "dz"].into_iter().zip(&gradients) {
            check_len(name, lengths.values, gradient.len())?;
        }
        self.run(n_samples, xyz, Task::Gradients(values, gradients), workspace)
    }

    /// The vector–Jacobian product: `∂E/∂r = Σ_lm ∂E/∂Y_lm ∇Y_lm(r)`, without storing the derivatives.
    ///
    /// - `d_values`: `∂E/∂Y_lm`, laid out as the values.
    /// - `d_xyz`: receives `∂E/∂r`, `[sample][channel][3]`.
    ///
    /// Otherwise as [`Self::values`].
    ///
    /// # Errors
    /// As [`Self::values`].
    pub fn vjp<T: Real>(
        &self,
        n_samples: usize,
        xyz: &[T],
        d_values: &[T],
        d_xyz: &mut [T],
        workspace: &mut [CacheLine],
    ) -> Result<(), Error> {
        let lengths = self.lengths(n_samples)?;
        check_len("xyz", lengths.xyz, xyz.len())?;
        check_len("d_values", lengths.values, d_values.len())?;
        check_len("d_xyz", lengths.xyz, d_xyz.len())?;
        self.run(n_samples, xyz, Task::PullBack(d_values, d_xyz), workspace)
    }

    /// Runs a task whose arrays have been checked.
    fn run<T: Real>(
        &self,
        n_samples: usize,
        xyz: &[T],
        task: Task<'_, T>,
        workspace: &mut [CacheLine],
    ) -> Result<(), Error> {
        let (expected, received) = (self.workspace_len()?, workspace.len());
        let workspace = workspace.get_mut(..expected).ok_or(Error::StorageTooSmall { expected, received })?;
        let execute = Execute { desc: *self, layout: self.array_layout()?, n_samples, xyz, task, workspace };
        T::run_harmonics(Level::up_to(self.isa), execute).ok_or(Error::Internal)
    }
}

/// What is computed, with its arrays.
enum Task<'a, T> {
    Values(&'a mut [T]),
    Gradients(&'a mut [T], [&'a mut [T]; 3]),
    PullBack(&'a [T], &'a mut [T]),
}

/// One execution; all lengths have been checked.
pub struct Execute<'a, T> {
    desc: HarmonicsDesc,
    layout: ArrayLayout,
    n_samples: usize,
    xyz: &'a [T],
    task: Task<'a, T>,
    workspace: &'a mut [CacheLine],
}

impl<T: Real> WithSimd for Execute<'_, T> {
    type Output = Option<()>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) -> Option<()> {
        macro_rules! degrees {
            ($($degree:literal)*) => {
                match self.desc.lmax {
                    $($degree => self.run::<S, $degree>(s),)*
                    _ => self.run::<S, ANY>(s),
                }
            };
        }
        const { assert!(MAX_UNROLLED == 4) };
        degrees!(0 1 2 3 4)
    }
}

impl<T: Real> Execute<'_, T> {
    #[inline(always)]
    fn run<S: Simd, const DEGREE: usize>(self, s: S) -> Option<()> {
        let Self { desc, layout, n_samples, xyz, mut task, workspace } = self;
        let (lmax, n_rows) = (desc.lmax, n_lm(desc.lmax));
        let evaluation = Evaluation::<T, DEGREE>::new(&desc, xyz);
        let workspace: &mut [T::Lanes<S>] = cast_mut(workspace);
        let (neighbours, rows) = workspace.split_at_mut_checked(derivatives::neighbours_len(lmax))?;
        let mut first = Block::first(lane_count::<S, T>(), n_samples, desc.n_channels);
        if layout.pair_stride() == Some(n_rows) {
            // No rows but of one block: the kernels read and write the arrays themselves.
            let (pair, blocks) = (0, if first.is_empty() { 0 } else { first.count() });
            let [values, dx, dy, dz] = parts(rows, n_rows)?;
            return match task {
                Task::Values(array) => {
                    let outputs = Outputs { arrays: Some([array]), rows: [values] };
                    outline(s, Values { evaluation, pair, blocks, outputs })
                }
                Task::Gradients(array, [array_x, array_y, array_z]) => {
                    let arrays = Some([array, array_x, array_y, array_z]);
                    let outputs = Outputs { arrays, rows: [values, dx, dy, dz] };
                    outline(s, Gradients { evaluation, pair, blocks, outputs, neighbours })
                }
                Task::PullBack(array, d_xyz) => {
                    let (array, d_values) = (Some(array), dx);
                    outline(
                        s,
                        PullBack { evaluation, pair, blocks, array, d_values, d_xyz, values, neighbours },
                    )
                }
            };
        }
        let transfer = &Transfer { layout: &layout, lmax, scale: &DegreeScale::ONE, asks_ahead: false };
        let arrays = match task {
            Task::Values(_) => 1,
            Task::Gradients(..) => MAX_ARRAYS,
            Task::PullBack(..) => 2,
        };
        let max_blocks = run_blocks(lmax, arrays);
        let mut pair = 0; // of the first block's first lane
        while !first.is_empty() {
            let blocks = first.count().min(max_blocks);
            let len = blocks * n_rows;
            let scatter = |array, buffers| Scatter {
                transfer,
                array,
                first: &first,
                blocks,
                buffers,
                buffer_lmax: lmax,
                accumulate: None,
            };
            match &mut task {
                Task::Values(array) => {
                    let values = rows.get_mut(..len)?;
                    let outputs = Outputs { arrays: None, rows: [&mut *values] };
                    outline(s, Values { evaluation, pair, blocks, outputs })?;
                    outline(s, scatter(&mut **array, values))?;
                }
                Task::Gradients(array, gradients) => {
                    let [values, dx, dy, dz] = parts(rows, len)?;
                    let outputs =
                        Outputs { arrays: None, rows: [&mut *values, &mut *dx, &mut *dy, &mut *dz] };
                    outline(
                        s,
                        Gradients { evaluation, pair, blocks, outputs, neighbours: &mut *neighbours },
                    )?;
                    outline(s, scatter(&mut **array, values))?;
                    for (array, buffers) in gradients.iter_mut().zip([dx, dy, dz]) {
                        outline(s, scatter(&mut **array, buffers))?;
                    }
                }
                Task::PullBack(array, d_xyz) => {
                    let (values, rest) = rows.split_at_mut_checked(n_rows)?;
                    let d_values = rest.get_mut(..len)?;
                    outline(s, Gather { transfer, array, first: &first, blocks, buffers: &mut *d_values })?;
                    let (array, d_xyz, neighbours) = (None, &mut **d_xyz, &mut *neighbours);
                    outline(
                        s,
                        PullBack { evaluation, pair, blocks, array, d_values, d_xyz, values, neighbours },
                    )?;
                }
            }
            first.advance(blocks);
            pair += blocks * lane_count::<S, T>();
        }
        Some(())
    }
}

/// Four pieces of one length.
#[inline(always)]
fn parts<V>(rows: &mut [V], len: usize) -> Option<[&mut [V]; MAX_ARRAYS]> {
    let (first, rest) = rows.split_at_mut_checked(len)?;
    let (second, rest) = rest.split_at_mut_checked(len)?;
    let (third, rest) = rest.split_at_mut_checked(len)?;
    Some([first, second, third, rest.get_mut(..len)?])
}
