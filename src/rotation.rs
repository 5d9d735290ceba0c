//! The operation *rotation*: the coefficients of `f'(r) = f(R⁻¹ r)` from those of `f`.
//!
//! A rotation is `R = R_z(α) R_x(β) R_z(γ)`, and exchanging the axes `x` and `z` makes one about `z` from the one about `x`:
//! `R_x(β) = P R_z(−β) P`. Rotations about `z` turn pairs of coefficients `±m` by `m` times the angle; the exchange is a
//! constant sparse matrix per degree ([`crate::tables::swap`]). So a rotation costs little to set up, and every (sample,
//! channel) can have its own.
//!
//! No angle is ever computed. The half angles' cosines and sines are ratios of the unit quaternion's components, the
//! multiples follow by complex products; all in `f64`.

use pulp::{Simd, WithSimd};

use crate::error::{Error, check_len};
use crate::index::n_lm;
use crate::isa::{Isa, Level};
use crate::lanes::{
    CacheLine, DENSE, LaneOps, Matrix, Multiples, Panel, Strided, cast_mut, multiply, rotate_planes,
};
use crate::layout::{ArrayLayout, Broadcast, Layout};
use crate::plan::{LMAX_INPUT, Memory, Real};
use crate::tables::swap::{LMAX_SWAP, SwapTable, fill_swap_table, swap_table_len};
use crate::transfer::{Block, DegreeScale, Gather, Scatter, Transfer};

/// How a rotation is given. Numbers are of the plan's element type `T`; `ε` is its machine epsilon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RotationForm {
    /// 9 numbers: the matrix `R`, row by row; it takes `r` to `R r`. `|RᵀR − 1| <= 64 ε` in every element, no reflection.
    Matrix,
    /// 4 numbers: the unit quaternion `w, x, y, z`, with `w` the cosine of half the angle and `(x, y, z)` its sine times the
    /// axis; both signs mean the same. `||q|² − 1| <= 64 ε`.
    Quaternion,
    /// 3 numbers: a direction of any length but zero. The rotation takes it to `+z` the shortest way, about an axis in the
    /// `xy` plane; `−z` is turned about `x`. All other rotations that do so are `R_z(ψ)` times this one: order `m` turned by
    /// `m ψ`.
    ToPole,
}

impl RotationForm {
    /// Numbers per rotation.
    #[must_use]
    pub const fn n_numbers(self) -> usize {
        match self {
            Self::Matrix => 9,
            Self::Quaternion => 4,
            Self::ToPole => 3,
        }
    }
}

/// Which way to rotate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sense {
    /// `f'(r) = f(R⁻¹ r)`: what is at `r` comes to `R r`.
    Forward,
    /// By `R⁻¹`. As the coefficients' matrix is orthogonal, this is the vector–Jacobian product of the forward rotation too.
    Inverse,
}

/// Describes a rotation plan: set what differs from the defaults of [`RotationDesc::new`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RotationDesc {
    /// Largest degree, at most [`LMAX_INPUT`].
    pub lmax: usize,
    /// Number of channels per sample, which rotate alike. Default 1.
    pub n_channels: usize,
    /// Layout of both arrays. Default [`Layout::LmChannel`].
    pub layout: Layout,
    /// How rotations are given. Default [`RotationForm::Matrix`].
    pub form: RotationForm,
    /// Whether one rotation is for all samples instead of one for each. Default `false`.
    pub shared: bool,
    /// The highest ISA level to use, as in [`PlanDesc::isa`](crate::PlanDesc::isa).
    pub isa: Option<Isa>,
}

/// Lengths, in elements, of the arrays of one execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RotationLengths {
    /// The rotations.
    pub rotations: usize,
    /// The coefficients, before and after.
    pub x: usize,
}

impl RotationDesc {
    /// A description with one channel and the defaults for everything else.
    #[must_use]
    pub const fn new(lmax: usize) -> Self {
        Self {
            lmax,
            n_channels: 1,
            layout: Layout::LmChannel,
            form: RotationForm::Matrix,
            shared: false,
            isa: None,
        }
    }

    /// Checks that the degree is supported.
    fn validate(&self) -> Result<(), Error> {
        const { assert!(LMAX_INPUT <= LMAX_SWAP) }
        if self.lmax > LMAX_INPUT { Err(Error::Unsupported) } else { Ok(()) }
    }

    fn array_layout(&self) -> Result<ArrayLayout, Error> {
        ArrayLayout::new(self.layout, Broadcast::None, self.lmax, self.n_channels)
    }

    /// Lengths of the arrays of one execution with `n_samples` samples.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if the degree is above [`LMAX_INPUT`], [`Error::Overflow`].
    pub fn lengths(&self, n_samples: usize) -> Result<RotationLengths, Error> {
        self.validate()?;
        let n_rotations = if self.shared { 1 } else { n_samples };
        let rotations = self.form.n_numbers().checked_mul(n_rotations).ok_or(Error::Overflow)?;
        Ok(RotationLengths { rotations, x: self.array_layout()?.len(n_samples)? })
    }

    /// The memory that a plan of element type `T` and its executions need.
    ///
    /// # Errors
    /// As [`Self::lengths`] for one sample.
    pub fn memory<T: Real>(&self) -> Result<Memory, Error> {
        self.lengths(1)?;
        let tables = (swap_table_len(self.lmax) * size_of::<T>()).div_ceil(size_of::<CacheLine>());
        let vector = Level::up_to(self.isa).lanes::<T>() * size_of::<T>();
        Ok(Memory {
            tables,
            workspace: (Workspace::new(self.lmax).vectors() * vector).div_ceil(size_of::<CacheLine>()),
        })
    }
}

/// A decided rotation: immutable, shareable between threads, with tables in the caller's memory.
#[derive(Clone, Copy, Debug)]
pub struct RotationPlan<'t, T> {
    desc: RotationDesc,
    level: Level,
    workspace_len: usize,
    table: SwapTable<'t, T>,
}

impl<'t, T: Real> RotationPlan<'t, T> {
    /// Decides a plan. `tables` is working memory that the plan keeps, [`Memory::tables`] cache lines; extra lines are
    /// ignored.
    ///
    /// Cost: the tables in double-double arithmetic, O(L³).
    ///
    /// # Errors
    /// [`Error::Unsupported`], [`Error::Overflow`] as [`RotationDesc::memory`]; [`Error::StorageTooSmall`].
    pub fn new(desc: &RotationDesc, tables: &'t mut [CacheLine]) -> Result<Self, Error> {
        let memory = desc.memory::<T>()?;
        if tables.len() < memory.tables {
            return Err(Error::StorageTooSmall { expected: memory.tables, received: tables.len() });
        }
        let entries = cast_mut::<_, T>(tables).get_mut(..swap_table_len(desc.lmax)).ok_or(Error::Internal)?;
        fill_swap_table(desc.lmax, entries, T::from_f64).ok_or(Error::Internal)?;
        let level = Level::up_to(desc.isa);
        Ok(Self { desc: *desc, level, workspace_len: memory.workspace, table: SwapTable::new(entries) })
    }

    /// The description.
    #[must_use]
    pub const fn desc(&self) -> &RotationDesc {
        &self.desc
    }

    /// The ISA level in use.
    #[must_use]
    pub const fn isa(&self) -> Isa {
        self.level.isa()
    }

    /// Cache lines of workspace that [`Self::execute`] needs, for any number of samples.
    #[must_use]
    pub const fn workspace_len(&self) -> usize {
        self.workspace_len
    }

    /// Rotates `n_samples` samples: `out[s][c]` are the coefficients of `x[s][c]` after the rotation of sample `s`, or the
    /// one for all. The arrays have the lengths of [`RotationDesc::lengths`].
    ///
    /// The workspace's contents do not matter before the call and are undefined after it. The same plan gives the same
    /// bits for any split of the samples over calls or threads. Never panics, allocates nothing.
    ///
    /// # Errors
    /// [`Error::Unsupported`], [`Error::Overflow`]; [`Error::LengthMismatch`] for the first array of the wrong length;
    /// [`Error::StorageTooSmall`] for the workspace; [`Error::InvalidRotation`]. Nothing has been written to `out` then.
    pub fn execute(
        &self,
        sense: Sense,
        n_samples: usize,
        rotations: &[T],
        x: &[T],
        out: &mut [T],
        workspace: &mut [CacheLine],
    ) -> Result<(), Error> {
        let lengths = self.desc.lengths(n_samples)?;
        check_len("rotations", lengths.rotations, rotations.len())?;
        check_len("x", lengths.x, x.len())?;
        check_len("out", lengths.x, out.len())?;
        let workspace_len = workspace.len();
        let workspace = workspace
            .get_mut(..self.workspace_len)
            .ok_or(Error::StorageTooSmall { expected: self.workspace_len, received: workspace_len })?;
        let rotations =
            Rotations { form: self.desc.form, sense, shared: self.desc.shared, numbers: rotations };
        rotations.validate()?;
        let layout = self.desc.array_layout()?;
        let execute = Execute { plan: self, n_samples, rotations, layout, x, out, workspace };
        T::rotate(self.level, execute).ok_or(Error::Internal)
    }
}

/// The rotations of a call.
#[derive(Clone, Copy)]
struct Rotations<'a, T> {
    form: RotationForm,
    sense: Sense,
    shared: bool,
    numbers: &'a [T],
}

impl<T: Real> Rotations<'_, T> {
    /// Whether all are rotations.
    fn validate(&self) -> Result<(), Error> {
        for (index, numbers) in self.numbers.chunks_exact(self.form.n_numbers()).enumerate() {
            quaternion(self.form, numbers).ok_or(Error::InvalidRotation { index })?;
        }
        Ok(())
    }

    /// The angles of a sample's rotation.
    fn angles(&self, sample: usize) -> Option<Angles> {
        let start = if self.shared { 0 } else { sample * self.form.n_numbers() };
        let [w, x, y, z] = quaternion(self.form, self.numbers.get(start..)?.get(..self.form.n_numbers())?)?;
        Some(Angles::new(match self.sense {
            Sense::Forward => [w, x, y, z],
            Sense::Inverse => [w, -x, -y, -z],
        }))
    }
}

/// The machine epsilon of an element type.
fn epsilon<T: LaneOps>() -> f64 {
    if size_of::<T>() == 4 { f64::from(f32::EPSILON) } else { f64::EPSILON }
}

/// The unit quaternion of a rotation, or `None` if it is none.
fn quaternion<T: Real>(form: RotationForm, numbers: &[T]) -> Option<[f64; 4]> {
    let tolerance = 64.0 * epsilon::<T>();
    let mut values = [0.0; 9];
    for (value, number) in values.iter_mut().zip(numbers) {
        *value = (*number).into();
        if !value.is_finite() {
            return None;
        }
    }
    let [a, b, c, d, e, f, g, h, i] = values;
    match form {
        RotationForm::Matrix => {
            let rows = [[a, b, c], [d, e, f], [g, h, i]];
            for (n, p) in rows.iter().enumerate() {
                for (k, q) in rows.iter().enumerate() {
                    let expected = if n == k { 1.0 } else { 0.0 };
                    let close = libm::fabs(dot(p, q) - expected) <= tolerance;
                    if !close {
                        return None;
                    }
                }
            }
            let determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
            if determinant > 0.0 { Some(from_matrix(rows)) } else { None }
        }
        RotationForm::Quaternion => {
            let q = [a, b, c, d];
            let close = libm::fabs(dot(&q, &q) - 1.0) <= tolerance;
            if close { Some(normalised(q)) } else { None }
        }
        RotationForm::ToPole => {
            let largest = libm::fabs(a).max(libm::fabs(b)).max(libm::fabs(c));
            if largest > 0.0 { Some(to_pole([a / largest, b / largest, c / largest])) } else { None }
        }
    }
}

fn dot<const N: usize>(a: &[f64; N], b: &[f64; N]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn normalised(q: [f64; 4]) -> [f64; 4] {
    let norm = libm::sqrt(dot(&q, &q));
    q.map(|component| component / norm)
}

/// The quaternion of a rotation matrix, from whichever of its components is largest (Shepperd, *J. Guidance and Control* 1
/// (1978) 223).
fn from_matrix([[xx, xy, xz], [yx, yy, yz], [zx, zy, zz]]: [[f64; 3]; 3]) -> [f64; 4] {
    let trace = xx + yy + zz;
    let largest = trace.max(xx).max(yy).max(zz);
    normalised(if trace >= largest {
        [1.0 + trace, zy - yz, xz - zx, yx - xy]
    } else if xx >= largest {
        [zy - yz, 1.0 + xx - yy - zz, xy + yx, xz + zx]
    } else if yy >= largest {
        [xz - zx, xy + yx, 1.0 + yy - xx - zz, yz + zy]
    } else {
        [yx - xy, xz + zx, yz + zy, 1.0 + zz - xx - yy]
    })
}

/// The quaternion of the shortest rotation of a direction to `+z`: about `(y, −x, 0)`.
fn to_pole(direction: [f64; 3]) -> [f64; 4] {
    let norm = libm::sqrt(dot(&direction, &direction));
    let [x, y, z] = direction.map(|component| component / norm);
    if z >= 0.0 {
        return normalised([1.0 + z, y, -x, 0.0]);
    }
    // Half the angle without cancellation, and an axis for the opposite of the pole.
    let rho = libm::hypot(x, y);
    let sine = libm::sqrt((1.0 - z) / 2.0);
    if rho > 0.0 {
        normalised([rho / (2.0 * sine), sine * (y / rho), -sine * (x / rho), 0.0])
    } else {
        [0.0, 1.0, 0.0, 0.0]
    }
}

/// Cosine and sine of the angles of a rotation in the order of the turns about `z`: `γ`, `−β`, `α`.
struct Angles([[f64; 2]; 3]);

impl Angles {
    /// Of a unit quaternion, `(cos β/2 · cos σ, sin β/2 · cos δ, sin β/2 · sin δ, cos β/2 · sin σ)` with `σ = (α + γ)/2`, `δ =
    /// (α − γ)/2`. Where `β/2` leaves one of these open, any will do.
    fn new([w, x, y, z]: [f64; 4]) -> Self {
        let unit = |re: f64, im: f64| {
            let norm = libm::sqrt(re * re + im * im);
            if norm > 0.0 { ([re / norm, im / norm], norm) } else { ([1.0, 0.0], 0.0) }
        };
        let (sigma, cosine) = unit(w, z);
        let ([re, im], sine) = unit(x, y);
        let (beta, _) = unit(cosine * cosine - sine * sine, -2.0 * cosine * sine);
        Self([complex_product(sigma, [re, -im]), beta, complex_product(sigma, [re, im])])
    }
}

fn complex_product([a, b]: [f64; 2], [c, d]: [f64; 2]) -> [f64; 2] {
    [a * c - b * d, a * d + b * c]
}

/// Entries of the multiples of an angle: [`Multiples`] to degree `lmax`.
const fn multiples_len(lmax: usize) -> usize {
    2 * (lmax + 1)
}

/// Writes cosines and sines of the multiples of three angles: entry `i` at `i · stride`. `None` if there is no room.
fn write_multiples<T: Real>(lmax: usize, angles: &Angles, out: &mut [T], stride: usize) -> Option<()> {
    for (angle, out) in angles.0.iter().zip(out.chunks_mut((multiples_len(lmax) * stride).max(1))) {
        let mut power = [1.0, 0.0];
        for m in 0..=lmax {
            *out.get_mut(2 * m * stride)? = T::from_f64(power[0]);
            *out.get_mut((2 * m + 1) * stride)? = T::from_f64(power[1]);
            // Back to length 1, by Newton's step: the matrices stay orthogonal whatever the degree.
            let [re, im] = complex_product(power, *angle);
            let correction = 1.5 - 0.5 * (re * re + im * im);
            power = [re * correction, im * correction];
        }
    }
    Some(())
}

/// Columns of a group: as many blocks of lanes share a matrix element.
const COLUMNS: usize = 4;

/// What the workspace holds, in lane vectors.
struct Workspace {
    lmax: usize,
    /// Blocks of a run: a multiple of a group, enough that the costs of a run hardly count, few enough for the caches.
    blocks: usize,
}

impl Workspace {
    fn new(lmax: usize) -> Self {
        let groups = (768 / COLUMNS).checked_div(n_lm(lmax)).unwrap_or(1).max(1);
        Self { lmax, blocks: groups * COLUMNS }
    }

    /// The multiples of the three angles of a block.
    fn angles(&self) -> usize {
        3 * multiples_len(self.lmax)
    }

    /// One degree of a group.
    fn panel(&self) -> usize {
        (2 * self.lmax + 1) * COLUMNS
    }

    fn vectors(&self) -> usize {
        self.blocks * (self.angles() + n_lm(self.lmax)) + 2 * self.panel()
    }
}

/// One execution of a plan; all lengths and rotations have been checked.
pub struct Execute<'a, 't, T> {
    plan: &'a RotationPlan<'t, T>,
    n_samples: usize,
    rotations: Rotations<'a, T>,
    layout: ArrayLayout,
    x: &'a [T],
    out: &'a mut [T],
    workspace: &'a mut [CacheLine],
}

impl<T: Real> Execute<'_, '_, T> {
    /// Rotates run after run of blocks. The set-up of a run is scalar, in `f64`, and compiled for no level.
    pub(crate) fn run(self, level: Level) -> Option<()> {
        let Self { plan, n_samples, rotations, layout, x, out, workspace } = self;
        let RotationDesc { lmax, n_channels, shared, .. } = plan.desc;
        let (lanes, sizes) = (level.lanes::<T>(), Workspace::new(lmax));
        let elements = cast_mut::<_, T>(workspace);
        let (angles, rest) = elements.split_at_mut_checked(sizes.blocks * sizes.angles() * lanes)?;
        let (buffers, panels) = rest.split_at_mut_checked(sizes.blocks * n_lm(lmax) * lanes)?;
        let transfer = Transfer { layout: &layout, lmax, scale: &DegreeScale::ONE, asks_ahead: false };
        let mut first = Block::first(lanes, n_samples, n_channels);
        let mut prepared = None; // the sample whose angles are there
        while !first.is_empty() {
            // One rotation for a whole run, where that is so; else one per lane.
            let alike = match first.sample() {
                _ if shared => first.count(),
                Some(_) => first.full_blocks().max(1),
                None => 0,
            };
            let blocks = match alike {
                0 if n_channels >= lanes => 1, // whole blocks of one sample follow
                0 => first.count(),
                alike => alike,
            };
            let blocks = blocks.min(sizes.blocks);
            if alike > 0 {
                let sample = if shared { Some(0) } else { first.sample() };
                if prepared != sample {
                    write_multiples(lmax, &rotations.angles(sample?)?, angles, 1)?;
                }
                prepared = sample;
            } else {
                let mut block = first;
                for angles in angles.chunks_exact_mut((sizes.angles() * lanes).max(1)).take(blocks) {
                    angles.fill(T::zeroed());
                    for (lane, sample) in block.samples().enumerate() {
                        write_multiples(lmax, &rotations.angles(sample)?, angles.get_mut(lane..)?, lanes)?;
                    }
                    block.advance(1);
                }
                prepared = None;
            }
            level.run(Gather {
                transfer: &transfer,
                array: x,
                first: &first,
                blocks,
                buffers: &mut *buffers,
            })?;
            let (angles, buffers_, panels) = (&*angles, &mut *buffers, &mut *panels);
            if alike > 0 {
                level.run(Rotate::<T, true> {
                    lmax,
                    table: plan.table,
                    blocks,
                    angles,
                    buffers: buffers_,
                    panels,
                })?;
            } else {
                level.run(Rotate::<T, false> {
                    lmax,
                    table: plan.table,
                    blocks,
                    angles,
                    buffers: buffers_,
                    panels,
                })?;
            }
            let buffers = &mut *buffers;
            level.run(Scatter {
                transfer: &transfer,
                array: out,
                first: &first,
                blocks,
                buffers,
                buffer_lmax: lmax,
                accumulate: None,
            })?;
            first.advance(blocks);
        }
        Some(())
    }
}

/// The rotation of some blocks in their buffers. A `#[target_feature]` frame of its own.
struct Rotate<'a, T, const ALIKE: bool> {
    lmax: usize,
    table: SwapTable<'a, T>,
    blocks: usize,
    /// The multiples of the three angles: of every block, as lanes, or once for all if `ALIKE`.
    angles: &'a [T],
    buffers: &'a mut [T],
    panels: &'a mut [T],
}

impl<T: LaneOps, const ALIKE: bool> WithSimd for Rotate<'_, T, ALIKE> {
    type Output = Option<()>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) -> Option<()> {
        let Self { lmax, table, blocks, angles, buffers, panels } = self;
        let (block_len, lanes) = (n_lm(lmax), crate::lanes::lane_count::<S, T>());
        let angles_len = 3 * multiples_len(lmax) * if ALIKE { 0 } else { lanes };
        let panels: &mut [T::Lanes<S>] = cast_mut(panels);
        let (first, second) = panels.split_at_mut_checked((2 * lmax + 1) * COLUMNS)?;
        let mut rest: &mut [T::Lanes<S>] = cast_mut(buffers);
        let mut block = 0;
        while block < blocks {
            let columns = if block + COLUMNS <= blocks { COLUMNS } else { 1 };
            let (buffers, others) = rest.split_at_mut_checked(columns * block_len)?;
            let group = Group::<T, ALIKE> { lmax, table, angles: angles.get(block * angles_len..)? };
            if columns == COLUMNS {
                group.rotate::<S, COLUMNS>(s, buffers, first, second)?;
            } else {
                group.rotate::<S, 1>(s, buffers, first, second)?;
            }
            rest = others;
            block += columns;
        }
        Some(())
    }
}

/// What the blocks of a group are rotated with.
struct Group<'a, T, const ALIKE: bool> {
    lmax: usize,
    table: SwapTable<'a, T>,
    angles: &'a [T],
}

impl<T: LaneOps, const ALIKE: bool> Group<'_, T, ALIKE> {
    /// The multiples of one of the three angles.
    #[inline(always)]
    fn multiples<S: Simd>(&self, angle: usize) -> Option<Multiples<'_, T>> {
        let (len, width) =
            (multiples_len(self.lmax), if ALIKE { 1 } else { crate::lanes::lane_count::<S, T>() });
        let data = self.angles.get(angle * len * width..)?;
        Some(Multiples { data, column_stride: if ALIKE { 0 } else { 3 * len } })
    }

    /// Rotates the functions whose coefficients are in `COLUMNS` buffers, degree by degree, through the two panels.
    #[inline(always)]
    fn rotate<S: Simd, const COLUMNS: usize>(
        &self,
        s: S,
        buffers: &mut [T::Lanes<S>],
        first: &mut [T::Lanes<S>],
        second: &mut [T::Lanes<S>],
    ) -> Option<()> {
        let angles = [self.multiples::<S>(0)?, self.multiples::<S>(1)?, self.multiples::<S>(2)?];
        let column_stride = n_lm(self.lmax);
        for l in 1..=self.lmax {
            let matrix = self.table.degree(l)?;
            let x = Strided { data: buffers.get(l * l..)?, row_stride: 1, column_stride };
            let mut y = Strided { data: &mut *first, row_stride: COLUMNS, column_stride: 1 };
            rotate_planes::<S, T, COLUMNS, ALIKE>(s, l, angles[0], &x, &mut y)?;
            swap_axes::<S, T, COLUMNS>(s, l, matrix, first, second)?;
            let x = Strided { data: &*second, row_stride: COLUMNS, column_stride: 1 };
            let mut y = Strided { data: &mut *first, row_stride: COLUMNS, column_stride: 1 };
            rotate_planes::<S, T, COLUMNS, ALIKE>(s, l, angles[1], &x, &mut y)?;
            swap_axes::<S, T, COLUMNS>(s, l, matrix, first, second)?;
            let x = Strided { data: &*second, row_stride: COLUMNS, column_stride: 1 };
            let mut y = Strided { data: buffers.get_mut(l * l..)?, row_stride: 1, column_stride };
            rotate_planes::<S, T, COLUMNS, ALIKE>(s, l, angles[2], &x, &mut y)?;
        }
        Some(())
    }
}

/// Exchanges `x` and `z` of functions of degree `l > 0`: rows by the flat index. Cosines and sines of either parity of `m` are
/// every second row, and go to every second row.
#[inline(always)]
fn swap_axes<S: Simd, T: LaneOps, const COLUMNS: usize>(
    s: S,
    l: usize,
    matrix: &[T],
    x: &[T::Lanes<S>],
    y: &mut [T::Lanes<S>],
) -> Option<()> {
    // First row among those of the cosines (from the middle on) or of the sines, before and after.
    for (middle, from, to) in [(l, 0, l % 2), (l, 1, (l + 1) % 2), (0, l % 2, 1), (0, (l + 1) % 2, 0)] {
        // There are l + 1 cosines, but only l sines.
        let end = if middle == 0 { l } else { l + 1 };
        let (depth, rows) = ((end + 1 - from) / 2, (end + 1 - to) / 2);
        let a = Matrix {
            data: matrix.get(to * (l + 1) + from..)?,
            row_stride: 2 * (l + 1),
            column_stride: 2,
            staircase: DENSE,
        };
        let b = Panel { data: x.get((middle + from) * COLUMNS..)?, stride: 2 * COLUMNS };
        let out = Panel { data: y.get_mut((middle + to) * COLUMNS..)?, stride: 2 * COLUMNS };
        multiply::<S, T, COLUMNS>(s, (rows, depth), a, &b, out)?;
    }
    Some(())
}
