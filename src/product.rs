//! The operation *product*: bring blocks of lanes to the engine, multiply the functions, store.

use pulp::{Simd, WithSimd};

use crate::engine::Transform;
use crate::engine::direct;
use crate::engine::fourier::{self, Torus};
use crate::engine::grid::{self, GridChunk};
use crate::index::n_lm;
use crate::isa::outline;
use crate::lanes::{CacheLine, LaneOps, MAX_RINGS, Rows, RowsMut, cast, cast_mut, lane_count};
use crate::layout::ArrayLayout;
use crate::plan::{Engine, Kernel, Plan, Real};
use crate::tables::grid::{GridTable, n_theta};
use crate::transfer::{Block, DegreeScale, Gather, Scatter, Transfer, buffer_rows};

/// So many blocks go through an engine together: enough that the costs of a call hardly count, few enough (48 KiB with
/// AVX2) for the nearest caches.
const fn run_blocks(degrees: [usize; 3]) -> usize {
    let [l1, l2, l3] = degrees;
    match 1536_usize.checked_div(n_lm(l1) + n_lm(l2) + n_lm(l3)) {
        Some(blocks) if blocks > 0 => blocks,
        _ => 1,
    }
}

/// Lane vectors of workspace: the coefficient buffers, and the engine's own. `shared`: whether the channels share an
/// operand. `None` for degrees that the engine does not serve.
pub(crate) fn workspace_lanes(engine: Engine, degrees: [usize; 3], shared: bool) -> Option<usize> {
    let [l1, l2, l3] = degrees;
    let lmax3 = if engine == Engine::Direct { direct::computed_lmax3(degrees) } else { l3 };
    let buffers = run_blocks(degrees) * (n_lm(l1) + n_lm(l2) + n_lm(lmax3));
    let own = match engine {
        Engine::Direct => 0,
        Engine::Fourier => {
            let sizes = fourier::sizes(degrees)?;
            fourier::rings_len(&sizes) + 2 * fourier::samples_len(&sizes)
        }
        _ => {
            let n_theta = n_theta(l1 + l2 + l3);
            let samples2 =
                if shared { grid::all_samples_len(n_theta) } else { grid::chunk_samples_len(n_theta) };
            grid::rings_len(max(degrees)) + grid::chunk_samples_len(n_theta) + samples2
        }
    };
    Some(buffers + own)
}

const fn max([l1, l2, l3]: [usize; 3]) -> usize {
    let lmax = if l1 > l2 { l1 } else { l2 };
    if l3 > lmax { l3 } else { lmax }
}

/// One execution of a plan; all lengths have been checked.
pub struct Execute<'a, 't, T> {
    pub(crate) plan: &'a Plan<'t, T>,
    pub(crate) n_samples: usize,
    pub(crate) operands: [&'a [T]; 2],
    /// Of the two operands and the output.
    pub(crate) layouts: [ArrayLayout; 3],
    /// Likewise.
    pub(crate) weights: [&'a [T]; 3],
    pub(crate) out: &'a mut [T],
    pub(crate) workspace: &'a mut [CacheLine],
}

impl<T: Real> WithSimd for Execute<'_, '_, T> {
    type Output = Option<()>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) -> Option<()> {
        let Self { plan, n_samples, operands: [x1, x2], layouts, weights, out, workspace } = self;
        let desc = plan.desc();
        let degrees = desc.contributing();
        let kinds = [desc.weights1, desc.weights2, desc.weights3];
        let [transfer1, transfer2, transfer3] = [0, 1, 2].map(|i: usize| Transfer {
            layout: layouts[i],
            lmax: degrees[i],
            scale: DegreeScale { factors: plan.factors[i], kind: kinds[i], weights: weights[i] },
        });
        // The product is symmetric: an operand that the channels share comes second.
        let [shared1, shared2] = desc.shared_by_channels();
        let (transfer1, transfer2, x1, x2) =
            if shared1 && !shared2 { (transfer2, transfer1, x2, x1) } else { (transfer1, transfer2, x1, x2) };
        let shared = shared1 || shared2;
        let degrees = [transfer1.lmax, transfer2.lmax, transfer3.lmax];
        let lmax3 = match plan.kernel {
            Kernel::Direct => direct::computed_lmax3(degrees),
            Kernel::Grid(_) | Kernel::Fourier(_) => transfer3.lmax,
        };
        let max_blocks = run_blocks(degrees);
        let (buffers1, rest) = cast_mut(workspace).split_at_mut_checked(max_blocks * n_lm(degrees[0]))?;
        let (buffers2, rest) = rest.split_at_mut_checked(max_blocks * n_lm(degrees[1]))?;
        let (buffers3, rest) = rest.split_at_mut_checked(max_blocks * n_lm(lmax3))?;

        let mut first = Block::first(lane_count::<S, T>(), n_samples, desc.n_channels);
        let mut prepared = None; // the sample whose shared operand is there
        while !first.is_empty() {
            let full = first.full_blocks();
            let plain = [&transfer1, &transfer2, &transfer3].map(|transfer| full > 0 && transfer.is_plain());
            // The engine works on the arrays themselves where it can; the direct engine wants rows at one distance.
            let in_place = match plan.kernel {
                Kernel::Direct => [plain == [true; 3] && lmax3 == transfer3.lmax; 3],
                Kernel::Grid(_) | Kernel::Fourier(_) => plain,
            };
            // A shared operand is one sample's; blocks that are copied may lie anywhere.
            let blocks = if shared {
                full.max(1)
            } else if in_place.contains(&true) {
                first.equidistant_blocks()
            } else {
                first.count()
            };
            let blocks = blocks.min(max_blocks);
            let sample = first.sample();
            let is_prepared = shared && sample.is_some() && prepared == sample;
            prepared = sample;

            let rows1 = if in_place[0] {
                let (start, shape) = transfer1.plain_rows::<S>(&first, blocks);
                Rows::new(x1.get(start..)?, shape)?
            } else {
                let buffers = &mut *buffers1;
                outline(s, Gather { transfer: &transfer1, array: x1, first, blocks, buffers })?;
                Rows::new(cast(buffers1), buffer_rows::<S, T>(degrees[0], blocks, false))?
            };
            let rows2 = if in_place[1] {
                let (start, shape) = transfer2.plain_rows::<S>(&first, blocks);
                Rows::new(x2.get(start..)?, shape)?
            } else {
                if !is_prepared {
                    let (buffers, blocks) = (&mut *buffers2, if shared { 1 } else { blocks });
                    outline(s, Gather { transfer: &transfer2, array: x2, first, blocks, buffers })?;
                }
                Rows::new(cast(buffers2), buffer_rows::<S, T>(degrees[1], blocks, shared))?
            };
            let rows3 = if in_place[2] {
                let (start, shape) = transfer3.plain_rows::<S>(&first, blocks);
                RowsMut::new(out.get_mut(start..)?, shape)?
            } else {
                RowsMut::new(cast_mut(&mut *buffers3), buffer_rows::<S, T>(lmax3, blocks, false))?
            };
            let rows = (rows1, rows2, rows3);
            let operands = Operands { degrees, blocks, rows, shared, is_prepared };
            match plan.kernel {
                Kernel::Direct => direct::product::<S, T>(s, degrees, blocks, rows1, rows2, operands.rows.2)?,
                Kernel::Grid(table) => grid_product(s, table, operands, rest)?,
                Kernel::Fourier(table) => {
                    let (rings, samples) = rest.split_at_mut_checked(fourier::rings_len(&table.sizes))?;
                    let (samples1, samples2) =
                        samples.split_at_mut_checked(fourier::samples_len(&table.sizes))?;
                    let transform = Torus::new(table)?;
                    outline(s, Pass { transform, operands, rings, samples1, samples2 })?;
                }
            }
            if !in_place[2] {
                outline(
                    s,
                    Scatter {
                        transfer: &transfer3,
                        array: out,
                        first,
                        blocks,
                        buffers: &mut *buffers3,
                        buffer_lmax: lmax3,
                    },
                )?;
            }
            first.advance(blocks);
        }
        Some(())
    }
}

/// Rows of the two operands and the output.
type AllRows<'a, T, V> = (Rows<'a, T, V>, Rows<'a, T, V>, RowsMut<'a, T, V>);

/// What is multiplied, in lane vectors.
struct Operands<'a, T, V> {
    degrees: [usize; 3],
    blocks: usize,
    rows: AllRows<'a, T, V>,
    /// Whether the second operand is the same for all blocks; it is synthesised once then. And whether its samples are
    /// there already, as the last call left them.
    shared: bool,
    is_prepared: bool,
}

/// The product by the grid engine, chunk by chunk.
#[inline(always)]
fn grid_product<S: Simd, T: LaneOps>(
    s: S,
    table: GridTable<'_, T>,
    mut operands: Operands<'_, T, T::Lanes<S>>,
    workspace: &mut [T::Lanes<S>],
) -> Option<()> {
    let n_theta = table.n_theta;
    let (rings, rest) = workspace.split_at_mut_checked(grid::rings_len(max(operands.degrees)))?;
    let (samples1, samples2) = rest.split_at_mut_checked(grid::chunk_samples_len(n_theta))?;
    for chunk in grid::chunks(n_theta) {
        let samples2 =
            if operands.shared { samples2.get_mut(chunk.samples_start(n_theta)..)? } else { &mut *samples2 };
        let (rows1, rows2, rows3) = &mut operands.rows;
        let operands = Operands { rows: (*rows1, *rows2, rows3.reborrow()), ..operands };
        macro_rules! rings {
            ($($rings:literal)*) => {
                match chunk.rings {
                    $($rings => {
                        let transform = GridChunk::<_, $rings> { table, first_node: chunk.first_node };
                        outline(s, Pass { transform, operands, rings, samples1, samples2 })?;
                    })*
                    _ => return None,
                }
            };
        }
        const { assert!(MAX_RINGS == 8) };
        rings!(1 2 3 4 5 6 7 8);
    }
    Some(())
}

/// The product of some blocks through one transform: synthesise, multiply, analyse. A `#[target_feature]` frame of its own.
struct Pass<'a, T, V, X> {
    transform: X,
    operands: Operands<'a, T, V>,
    rings: &'a mut [V],
    samples1: &'a mut [V],
    samples2: &'a mut [V],
}

impl<T: LaneOps, V: bytemuck::Pod, X: Transform<T>> WithSimd for Pass<'_, T, V, X> {
    type Output = Option<()>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) -> Option<()> {
        let Self { transform, operands, rings, samples1, samples2 } = self;
        let Operands { degrees, blocks, rows, shared, mut is_prepared } = operands;
        let (x1, x2, mut out) = (rows.0.cast()?, rows.1.cast()?, rows.2.cast()?);
        let (rings, samples1, samples2) = (cast_mut(rings), cast_mut(samples1), cast_mut(samples2));
        for block in 0..blocks {
            transform.synthesise(s, degrees[0], x1.block(block)?, rings, samples1)?;
            if !(shared && is_prepared) {
                transform.synthesise(s, degrees[1], x2.block(block)?, rings, samples2)?;
                is_prepared = true;
            }
            transform.multiply_samples(s, samples1, samples2)?;
            transform.analyse(s, degrees[2], samples1, rings, out.block(block)?)?;
        }
        Some(())
    }
}
