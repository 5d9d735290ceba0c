//! The operation *product*: load a block of lanes, multiply the functions, store.

use pulp::{Simd, WithSimd};

use crate::engine::direct;
use crate::engine::grid::{self, MAX_RINGS, Transform};
use crate::index::{flat_index, n_lm};
use crate::lanes::{CacheLine, LaneOps, Real, cast_mut, lane_count};
use crate::layout::ArrayLayout;
use crate::plan::{Engine, Kernel, Plan};
use crate::tables::grid::GridTable;
use crate::transfer::{Block, DegreeScale, Transfer};

/// Lane vectors of workspace: the three coefficient buffers, and the engine's own.
pub(crate) const fn workspace_lanes(engine: Engine, [l1, l2, l3]: [usize; 3], n_theta: usize) -> usize {
    if matches!(engine, Engine::Direct) {
        return 2 * direct::OPERAND_LANES + direct::OUTPUT_LANES;
    }
    let lmax = if l1 > l2 { l1 } else { l2 };
    let lmax = if l3 > lmax { l3 } else { lmax };
    n_lm(l1) + n_lm(l2) + n_lm(l3) + grid::rings_len(lmax) + 2 * grid::samples_len(n_theta)
}

/// One execution of a plan; all lengths have been checked.
pub(crate) struct Execute<'a, 't, T> {
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
        let degrees @ [l1, l2, l3] = self.plan.desc().contributing();
        match self.plan.kernel {
            Kernel::Grid(table) => {
                let lengths = [n_lm(l1), n_lm(l2), n_lm(l3)];
                self.for_each_block(s, lengths, grid::position, &GridKernel { table, degrees })
            }
            // One `#[target_feature]` frame per pair of operand degrees, the larger first: the product is symmetric.
            Kernel::Direct => {
                macro_rules! pairs {
                    ($(($l1:literal, $l2:literal))*) => {
                        match (l1.max(l2), l1.min(l2)) {
                            $(($l1, $l2) => s.vectorize(DirectExecute::<_, $l1, $l2>(self)),)*
                            _ => None,
                        }
                    };
                }
                pairs!((0, 0)(1, 0)(1, 1)(2, 0)(2, 1)(2, 2)(3, 0)(3, 1)(3, 2)(3, 3))
            }
        }
    }
}

impl<T: Real> Execute<'_, '_, T> {
    /// Loads every block of lanes, lets the kernel compute the output from the two operands, stores it.
    ///
    /// `lengths` are those of the operands' and the output's lane buffers; coefficient `(l, m)` of an array of degrees
    /// to `lmax` is at `position(lmax, l, m)`.
    #[inline(always)]
    fn for_each_block<S: Simd>(
        self,
        s: S,
        lengths: [usize; 3],
        position: fn(usize, usize, isize) -> usize,
        kernel: &impl BlockKernel<T>,
    ) -> Option<()> {
        let Self { plan, n_samples, operands: [x1, x2], layouts, weights, out, workspace } = self;
        let desc = plan.desc();
        let degrees = desc.contributing();
        let kinds = [desc.weights1, desc.weights2, desc.weights3];
        let [transfer1, transfer2, transfer3] = [0, 1, 2].map(|i: usize| Transfer {
            layout: layouts[i],
            lmax: degrees[i],
            scale: DegreeScale { factors: plan.factors[i], kind: kinds[i], weights: weights[i] },
            position,
        });
        let (c1, rest) = cast_mut(workspace).split_at_mut_checked(lengths[0])?;
        let (c2, rest) = rest.split_at_mut_checked(lengths[1])?;
        let (c3, rest) = rest.split_at_mut_checked(lengths[2])?;

        let mut block = Block::first(lane_count::<S, T>(), n_samples, desc.n_channels);
        while !block.is_empty() {
            transfer1.load(s, x1, &block, c1)?;
            transfer2.load(s, x2, &block, c2)?;
            kernel.compute(s, c1, c2, c3, rest)?;
            transfer3.store(s, out, &block, c3)?;
            block.advance();
        }
        Some(())
    }
}

/// An engine's product of one block of lanes.
trait BlockKernel<T: LaneOps> {
    /// `out = x1 · x2` on lane buffers; `None` if one is too short.
    fn compute<S: Simd>(
        &self,
        s: S,
        x1: &[T::Lanes<S>],
        x2: &[T::Lanes<S>],
        out: &mut [T::Lanes<S>],
        workspace: &mut [T::Lanes<S>],
    ) -> Option<()>;
}

/// An execution with the direct engine for operands of degrees `L1 >= L2`, in either order.
struct DirectExecute<'a, 't, T, const L1: usize, const L2: usize>(Execute<'a, 't, T>);

impl<T: Real, const L1: usize, const L2: usize> WithSimd for DirectExecute<'_, '_, T, L1, L2> {
    type Output = Option<()>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) -> Option<()> {
        let [l1, l2, lmax3] = self.0.plan.desc().contributing();
        let lengths = [direct::OPERAND_LANES, direct::OPERAND_LANES, direct::OUTPUT_LANES];
        let kernel = DirectKernel::<L1, L2> { lmax3, swap: l1 < l2 };
        self.0.for_each_block(s, lengths, |_, l, m| flat_index(l, m), &kernel)
    }
}

/// The direct engine for operands of degrees `L1 >= L2`, or the other way round if `swap`.
struct DirectKernel<const L1: usize, const L2: usize> {
    lmax3: usize,
    swap: bool,
}

impl<T: LaneOps, const L1: usize, const L2: usize> BlockKernel<T> for DirectKernel<L1, L2> {
    #[inline(always)]
    fn compute<S: Simd>(
        &self,
        s: S,
        x1: &[T::Lanes<S>],
        x2: &[T::Lanes<S>],
        out: &mut [T::Lanes<S>],
        _: &mut [T::Lanes<S>],
    ) -> Option<()> {
        let (x1, x2) = if self.swap { (x2, x1) } else { (x1, x2) };
        let (x1, x2) = (x1.first_chunk()?, x2.first_chunk()?);
        direct::product::<S, T, L1, L2>(s, self.lmax3, x1, x2, out.first_chunk_mut()?);
        Some(())
    }
}

/// The grid engine.
struct GridKernel<'t, T> {
    table: GridTable<'t, T>,
    degrees: [usize; 3],
}

impl<T: LaneOps> BlockKernel<T> for GridKernel<'_, T> {
    #[inline(always)]
    fn compute<S: Simd>(
        &self,
        s: S,
        x1: &[T::Lanes<S>],
        x2: &[T::Lanes<S>],
        out: &mut [T::Lanes<S>],
        workspace: &mut [T::Lanes<S>],
    ) -> Option<()> {
        out.fill(T::splat(s, T::zeroed()));
        for chunk in grid::chunks(self.table.n_theta) {
            macro_rules! rings {
                ($($rings:literal)*) => {
                    match chunk.rings {
                        $($rings => s.vectorize(GridChunk::<_, _, $rings> {
                            transform: Transform { table: self.table, first_node: chunk.first_node },
                            degrees: self.degrees,
                            operands: [x1, x2],
                            out,
                            workspace,
                        })?,)*
                        _ => return None,
                    }
                };
            }
            const { assert!(MAX_RINGS == 8) };
            rings!(1 2 3 4 5 6 7 8);
        }
        Some(())
    }
}

/// The product on one chunk of rings: synthesise, multiply, analyse. A `#[target_feature]` frame of its own.
struct GridChunk<'a, T, V, const RINGS: usize> {
    transform: Transform<'a, T, RINGS>,
    degrees: [usize; 3],
    operands: [&'a [V]; 2],
    out: &'a mut [V],
    workspace: &'a mut [V],
}

impl<T: LaneOps, V: bytemuck::Pod, const RINGS: usize> WithSimd for GridChunk<'_, T, V, RINGS> {
    type Output = Option<()>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) -> Option<()> {
        let Self { transform, degrees: [l1, l2, l3], operands, out, workspace } = self;
        let workspace: &mut [T::Lanes<S>] = cast_mut(workspace);
        let lmax = l1.max(l2).max(l3);
        let samples_len = grid::samples_len(transform.table.n_theta);
        let (rings, rest) = workspace.split_at_mut_checked(grid::rings_len(lmax))?;
        let (samples1, rest) = rest.split_at_mut_checked(samples_len)?;
        let samples2 = rest.get_mut(..samples_len)?;
        for (lmax, coefficients, samples) in
            [(l1, operands[0], &mut *samples1), (l2, operands[1], &mut *samples2)]
        {
            transform.synthesise(s, lmax, crate::lanes::cast(coefficients), rings, samples)?;
        }
        transform.multiply_samples(s, samples1, samples2)?;
        transform.analyse(s, l3, samples1, rings, cast_mut(out))
    }
}
