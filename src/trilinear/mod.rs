//! The operations *product* and *bracket* of two functions, and their derivatives: derivatives of one trilinear form.
//!
//! ```text
//! E(f1, f2, f3) = ∫ f1 f2 f3 dΩ   (product)        E(f1, f2, f3) = ∫ r̂·(∇f1 × ∇f2) f3 dΩ   (bracket)
//! ```
//!
//! The coefficients of the product or bracket of `f1` and `f2` are the derivatives of `E` with respect to those of `f3`. `E`
//! does not change when its functions take turns, `E(f1, f2, f3) = E(f2, f3, f1)`; so the derivatives with respect to `f1` are
//! the product or bracket of `f2` and `f3`, and those with respect to `f2` that of `f3` and `f1`. Forwards, `f1` and `f2` are
//! the operands and `f3` is what is looked for; backwards, `f3` is the gradient that comes in.
//!
//! A function may have two *parts*, natural (parity `(−1)^l`) and pseudo (the opposite). What is done to a triple of parts
//! follows from parity: the product if an even number of them is pseudo, else the bracket. A [`Schedule`] lists which parts
//! come in, what goes out, and the terms of each; [`Execute`] brings blocks of lanes to the engine and stores the results.

mod pass;
mod schedule;

pub(crate) use schedule::{MAX_FIELDS, Schedule};

use core::marker::PhantomData;

use pulp::{Simd, WithSimd};

use crate::engine::direct::{self, Results};
use crate::engine::fourier;
use crate::engine::grid::{self, GridChunk};
use crate::engine::octahedral::{Octahedral, OctahedralKernel, PAIR, blocks_at_a_time, octahedral_kernels};
use crate::index::n_lm;
use crate::isa::{Level, outline};
use crate::lanes::{
    ANY, BlockCounts, CAN_PREFETCH, CacheLine, LaneOps, MAX_RINGS, NEAR, Remaining, Rows, RowsShape,
    TwoRowsMut, cast, cast_mut, lane_count,
};
use crate::plan::{Engine, Kernel, Plan, PlanDesc, Real};
use crate::tables::fourier::FourierSizes;
use crate::tables::grid::n_theta;
use crate::transfer::{
    Block, DegreeScale, DegreeSums, Gather, Scatter, Transfer, add_degree_sums, buffer_rows,
};
use pass::{Arrays, OperandRows, Operands, Pass, Samples};
use schedule::{Field, Input, Slot, SlotSet};

/// So many blocks go through an engine together: enough that the costs of a call hardly count, few enough for the nearest
/// caches. In buffers all that comes in and goes out is at hand (48 KiB with AVX2), in place (where each block is read once, or
/// for each result once) what one result is made of (256 KiB).
fn run_blocks(schedule: &Schedule, degrees: [usize; 3]) -> [usize; 2] {
    let row_counts = degrees.map(n_lm);
    let in_buffers: usize = schedule.fields().map(|field| row_counts[field.slot as usize]).sum();
    let in_place: usize = row_counts.into_iter().sum();
    let at_most = |all: usize, rows| all.checked_div(rows).unwrap_or(1).max(1);
    [at_most(BUFFERED, in_buffers), at_most(IN_PLACE, in_place)]
}

/// Lane vectors in use together, in buffers and in place.
const BUFFERED: usize = 1536;
const IN_PLACE: usize = 8192;

/// Where memory is far, the direct engine takes as many blocks in buffers as these bytes hold between two looks at what has to be
/// asked for: enough that the costs of a call hardly count beside those of memory, few enough that it is asked for a few lines at
/// a time. (Chosen on Zen 4 from 4, 6, 8 and 16 KiB, for 128 channels of degrees 1 and 2 from memory.)
const FAR: usize = 8192;

/// Bytes of a sample up to which hardware asks for memory as well or better where blocks are copied to buffers. (Time without
/// asking over that with, degree 2, f32, `[lm][channel]`: chosen on Zen 4, when arrays in place kept to it as well, 0.9 for 32
/// channels, 1152 bytes, 1.1 to 1.4 for 48; in buffers, on Cascade Lake, 0.84 to 0.87 for 4 and 8 channels, but 1.15 to 1.26 for
/// 3 and 5, of which blocks go one by one anyhow.)
const FAR_SAMPLE: usize = 1536;

/// The degree to which an engine computes the coefficients of a slot: at least the slot's.
fn computed_lmax(direct: bool, degrees: [usize; 3], slot: Slot) -> usize {
    if direct { direct::computed_lmax3(coupled(degrees, slot)) } else { degrees[slot as usize] }
}

/// The degrees of what a slot's coefficients are made of, and its own.
fn coupled(degrees: [usize; 3], slot: Slot) -> [usize; 3] {
    let [first, second] = slot.others();
    [degrees[first as usize], degrees[second as usize], degrees[slot as usize]]
}

/// What is known before a kernel is executed: above all its workspace, in lane vectors.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrangement {
    degrees: [usize; 3],
    /// Which functions the channels share.
    shared: SlotSet,
    /// Which functions' arrays the engine can work on itself where blocks are full: to read, and to write.
    plain_to_read: SlotSet,
    plain_to_write: SlotSet,
    /// Whether buffers ask for memory that is far: where samples are too large to be a sequence for hardware, or arrays are
    /// copied for their layout, factors or sharing. (Grid, 32 and 256 samples of 128 channels, degrees 5 to 10: 0.85 to 1.0 of the
    /// time without; Cascade Lake.)
    asks_ahead: bool,
    /// Which functions' derivatives start at zero: sums, or such as have degrees that cannot contribute.
    from_zero: SlotSet,
    /// At most so many blocks go through the engine together, in buffers and in place.
    blocks: usize,
    in_place_blocks: usize,
    /// To which degrees the coefficients of targets are computed.
    computed_degrees: [usize; 3],
    /// Of the largest of the buffers, for what serves in between; in place, for the block that a transform works on.
    scratch: usize,
    /// Of the sums per degree that gradients with respect to weights are made of.
    degree_sums: usize,
    /// Buffers of inputs and of targets.
    inputs: BufferStarts,
    targets: BufferStarts,
    /// Of the rings of all inputs and targets, and of one of them if each needs its own.
    rings: usize,
    rings_stride: usize,
    /// Of the samples of one function, or of one component of a gradient; of an operand that the channels share, and of
    /// others.
    shared_samples: usize,
    samples: usize,
    own: usize,
}

/// Buffers for blocks of all inputs, or of all targets, one after the other. (What a schedule leaves out stays unused.)
#[derive(Clone, Copy, Debug)]
struct BufferStarts {
    /// Where those of each function's parts begin.
    starts: [[usize; 2]; 3],
    len: usize,
}

impl BufferStarts {
    /// For coefficients to these degrees of the three functions.
    fn new(fields: impl Iterator<Item = Field>, degrees: [usize; 3], blocks: usize) -> Self {
        let (mut starts, mut len) = ([[0; 2]; 3], 0);
        for Field { slot, part } in fields {
            if let Some(start) = starts[slot as usize].get_mut(part) {
                *start = len;
            }
            len += blocks * n_lm(degrees[slot as usize]);
        }
        Self { starts, len }
    }

    /// Where the buffer of a part begins.
    #[inline(always)]
    fn of(&self, Field { slot, part }: Field) -> Option<usize> {
        self.starts[slot as usize].get(part).copied()
    }
}

impl Arrangement {
    /// With the octahedral kernel comes how many blocks it takes at a time. `sample_bytes`: of the largest array's sample.
    pub(crate) fn new(
        desc: &PlanDesc,
        schedule: &Schedule,
        (engine, sizes, octahedral): (Engine, Option<FourierSizes>, Option<(OctahedralKernel, usize)>),
        sample_bytes: usize,
    ) -> Self {
        let (degrees, [shared1, shared2]) = (desc.contributing(), desc.shared_by_channels());
        let shared = SlotSet::new([shared1, shared2, false]);
        let at_a_time = octahedral.map_or(1, |(_, blocks)| blocks);
        // (A power of two.)
        let whole = |blocks: usize| (blocks & !(at_a_time - 1)).max(1);
        let [blocks, in_place_blocks] = run_blocks(schedule, degrees).map(whole);
        let direct = engine == Engine::Direct;
        let computed_degrees = Slot::ALL.map(|slot| computed_lmax(direct, degrees, slot));
        // A transform that takes several passes needs buffers, which keep blocks from one to the next.
        let passes = if engine == Engine::Grid && octahedral.is_none() {
            grid::n_chunks(n_theta(degrees.iter().sum()))
        } else {
            1
        };
        let plain = desc.plain_arrays().map(|is_plain| is_plain && passes == 1);
        let sums = desc.sums();
        let is_plain_to_write = |i: usize| plain[i] && !sums[i] && computed_degrees[i] == degrees[i];
        let targets = || schedule.targets().iter().map(|t| n_lm(computed_degrees[t.field.slot as usize]));
        let inputs = || schedule.inputs().iter().map(|input| n_lm(degrees[input.field.slot as usize]));
        let scratch = blocks * targets().chain(inputs()).max().unwrap_or(0);
        let degree_sums = blocks * degrees.into_iter().max().map_or(0, |lmax| lmax + 1);
        let input_buffers =
            BufferStarts::new(schedule.inputs().iter().map(|input| input.field), degrees, blocks);
        let target_buffers =
            BufferStarts::new(schedule.targets().iter().map(|t| t.field), computed_degrees, blocks);
        let components = || schedule.inputs().iter().map(Input::components);
        let (rings, rings_stride, samples, shared_samples) = match (engine, sizes) {
            (Engine::Direct, _) => (0, 0, 0, 0),
            (_, Some(sizes)) => {
                let stride = fourier::rings_len(&sizes) * components().max().unwrap_or(0);
                let rings = stride * (schedule.inputs().len() + schedule.targets().len());
                let (samples, all) = (fourier::part_samples_len(&sizes), fourier::all_samples_len(&sizes));
                (rings, stride, samples, all)
            }
            (_, None) => {
                let n_theta = n_theta(degrees.iter().sum());
                let lmax = degrees.into_iter().max().unwrap_or(0);
                if let Some((OctahedralKernel { samples_len, .. }, _)) = octahedral {
                    // (What is shared is synthesised for one block, and others are taken one by one then.)
                    (at_a_time * n_lm(lmax), 0, at_a_time * samples_len, samples_len)
                } else {
                    let rings = grid::rings_len(lmax, components().any(|components| components > 1));
                    (rings, 0, grid::chunk_samples_len(n_theta), grid::all_samples_len(n_theta))
                }
            }
        };
        let of_inputs: usize = schedule
            .inputs()
            .iter()
            .map(|input| {
                input.components() * if shared.contains(input.field.slot) { shared_samples } else { samples }
            })
            .sum();
        Self {
            degrees,
            shared,
            plain_to_read: SlotSet::new(plain),
            plain_to_write: SlotSet::new([0, 1, 2].map(is_plain_to_write)),
            asks_ahead: sample_bytes > FAR_SAMPLE || plain.contains(&false),
            from_zero: SlotSet::new(sums.map(|is_sum| is_sum || !desc.all_contribute())),
            blocks,
            in_place_blocks,
            computed_degrees,
            scratch,
            degree_sums,
            inputs: input_buffers,
            targets: target_buffers,
            rings,
            rings_stride,
            shared_samples,
            samples,
            own: rings + samples + of_inputs,
        }
    }

    /// All of it.
    pub(crate) fn total(&self) -> usize {
        self.scratch + self.degree_sums + self.inputs.len + self.targets.len + self.own
    }
}

/// One evaluation of derivatives of the form; all lengths have been checked.
pub struct Execute<'a, 't, T> {
    pub(crate) plan: &'a Plan<'t, T>,
    pub(crate) kernel: &'a Kernel<'t, T>,
    pub(crate) schedule: &'a Schedule,
    /// That of this schedule, or of one of which it leaves something out.
    pub(crate) arrangement: &'a Arrangement,
    pub(crate) n_samples: usize,
    /// The coefficients of the functions that come in.
    pub(crate) functions: [&'a [T]; 3],
    pub(crate) weights: [&'a [T]; 3],
    /// The derivatives with respect to the functions, where the schedule has targets and they are wanted.
    pub(crate) gradients: [Option<&'a mut [T]>; 3],
    /// Likewise with respect to the weights.
    pub(crate) weight_gradients: [Option<&'a mut [T]>; 3],
    /// Whether results are added to what the arrays hold.
    pub(crate) accumulate: bool,
    pub(crate) workspace: &'a mut [CacheLine],
}

impl<T: Real> WithSimd for &mut Execute<'_, '_, T> {
    type Output = Option<()>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) -> Option<()> {
        let desc = self.plan.desc();
        let mut first = Block::first(lane_count::<S, T>(), self.n_samples, desc.n_channels);
        let mut run = Run::<T, S>::new(self)?;
        let mut prepared = None; // the sample whose shared operands are there
        while !first.is_empty() {
            let full = first.full_blocks();
            let in_place = run.is_plain && full > 0;
            // A shared operand is one sample's; blocks that are copied may lie anywhere.
            let blocks = if run.any_shared {
                full.max(1)
            } else if in_place {
                first.blocks_while_full()
            } else {
                first.count()
            };
            let blocks = blocks.min(if in_place { run.in_place_blocks } else { run.blocks });
            let sample = first.sample();
            let is_prepared = run.any_shared && sample.is_some() && prepared == sample;
            prepared = sample;

            let is_direct = matches!(run.kernel, Kernel::Direct);
            match (in_place, is_direct) {
                (true, true) => run.couple_in_place(s, first, blocks)?,
                (true, false) => run.transform_in_place(s, first, blocks)?,
                (false, _) => {
                    run.gather(s, &first, blocks, is_prepared)?;
                    if is_direct {
                        run.couple(s, blocks)?;
                    } else {
                        run.transform(s, blocks, is_prepared)?;
                    }
                    run.store(s, &first, blocks)?;
                }
            }
            first.advance(blocks);
        }
        Some(())
    }
}

impl<T: Real> Execute<'_, '_, T> {
    /// Runs at a level. What is summed up starts at zero, and so do degrees that cannot contribute.
    pub(crate) fn run(&mut self, level: Level) -> Option<()> {
        self.start_at_zero();
        T::run(level, self)
    }

    fn start_at_zero(&mut self) {
        if self.accumulate {
            return;
        }
        for (gradient, slot) in self.gradients.iter_mut().zip(Slot::ALL) {
            if let (Some(gradient), true) = (gradient, self.arrangement.from_zero.contains(slot)) {
                gradient.fill(T::zeroed());
            }
        }
        for gradient in self.weight_gradients.iter_mut().flatten() {
            gradient.fill(T::zeroed());
        }
    }
}

/// How the functions' arrays are laid out and scaled.
struct Transfers<'a, 't, T> {
    plan: &'a Plan<'t, T>,
    arrangement: &'a Arrangement,
    scales: [DegreeScale<'a, T>; 3],
    /// Whether arrays are too large for near caches.
    is_far: bool,
}

impl<T: LaneOps> Transfers<'_, '_, T> {
    #[inline(always)]
    fn of(&self, Field { slot, part }: Field) -> Option<Transfer<'_, T>> {
        let i = slot as usize;
        let layout = self.plan.layouts[i].get(part)?;
        Some(Transfer {
            layout,
            lmax: self.arrangement.degrees[i],
            scale: &self.scales[i],
            asks_ahead: self.is_far && self.arrangement.asks_ahead,
        })
    }
}

/// Buffers for blocks of all inputs, or of all targets.
struct Buffers<'a, V> {
    memory: &'a mut [V],
    starts: &'a BufferStarts,
}

impl<'a, V> Buffers<'a, V> {
    #[inline(always)]
    fn new(starts: &'a BufferStarts, memory: &mut Remaining<'a, V>) -> Option<Self> {
        Some(Self { memory: memory.take(starts.len)?, starts })
    }

    /// A buffer, and those after it.
    #[inline(always)]
    fn at(&self, field: Field) -> Option<&[V]> {
        self.memory.get(self.starts.of(field)?..)
    }

    /// Likewise, to write.
    #[inline(always)]
    fn at_mut(&mut self, field: Field) -> Option<&mut [V]> {
        self.memory.get_mut(self.starts.of(field)?..)
    }
}

/// The constants and the memory of one execution at one level.
struct Run<'r, 'a, 't, T: Real, S: Simd> {
    schedule: &'a Schedule,
    kernel: &'a Kernel<'t, T>,
    functions: &'r [&'a [T]; 3],
    gradients: &'r mut [Option<&'a mut [T]>; 3],
    weight_gradients: &'r mut [Option<&'a mut [T]>; 3],
    accumulate: bool,
    transfers: Transfers<'a, 't, T>,
    /// Whether the channels share an input.
    any_shared: bool,
    /// Whether the engine can work on the arrays themselves where blocks are full.
    is_plain: bool,
    /// At most so many blocks go through the engine together, in buffers and in place.
    blocks: usize,
    in_place_blocks: usize,
    inputs: Buffers<'r, T::Lanes<S>>,
    targets: Buffers<'r, T::Lanes<S>>,
    scratch: &'r mut [T::Lanes<S>],
    degree_sums: &'r mut [T::Lanes<S>],
    arrangement: &'a Arrangement,
    /// The engine's.
    rest: &'r mut [T::Lanes<S>],
}

impl<'r, 'a, 't, T: Real, S: Simd> Run<'r, 'a, 't, T, S> {
    #[inline(always)]
    fn new(execute: &'r mut Execute<'a, 't, T>) -> Option<Self> {
        let Execute { plan, kernel, schedule, arrangement, functions, weights, .. } = execute;
        let Execute { gradients, weight_gradients, accumulate, workspace, .. } = execute;
        let desc = plan.desc();
        let kinds = [desc.weights1, desc.weights2, desc.weights3];
        let scale = |i: usize| DegreeScale { factors: plan.factors[i], kind: kinds[i], weights: weights[i] };
        let mut bytes = 0_usize;
        for function in *functions {
            bytes = bytes.saturating_add(size_of_val(function));
        }
        for gradient in &*gradients {
            bytes = bytes.saturating_add(gradient.as_deref().map_or(0, size_of_val));
        }
        let is_far = CAN_PREFETCH && bytes >= NEAR;
        let transfers = Transfers { plan, arrangement, scales: [scale(0), scale(1), scale(2)], is_far };
        let Arrangement { mut blocks, in_place_blocks, .. } = **arrangement;
        if is_far && arrangement.asks_ahead && matches!(kernel, Kernel::Direct) {
            let far_vectors = (FAR / size_of::<T::Lanes<S>>()).min(BUFFERED);
            blocks = (blocks * far_vectors / BUFFERED).max(1);
        }
        let is_plain = !*accumulate
            && schedule.reads.is_subset_of(arrangement.plain_to_read)
            && schedule.writes.is_subset_of(arrangement.plain_to_write);

        let mut memory = Remaining(cast_mut::<_, T::Lanes<S>>(workspace));
        let scratch = memory.take(arrangement.scratch)?;
        let degree_sums = memory.take(arrangement.degree_sums)?;
        let inputs = Buffers::new(&arrangement.inputs, &mut memory)?;
        let targets = Buffers::new(&arrangement.targets, &mut memory)?;
        Some(Self {
            schedule,
            kernel,
            functions,
            gradients,
            weight_gradients,
            accumulate: *accumulate,
            transfers,
            any_shared: schedule.reads.intersects(arrangement.shared),
            is_plain,
            blocks,
            in_place_blocks,
            inputs,
            targets,
            scratch,
            degree_sums,
            arrangement,
            rest: memory.0,
        })
    }

    /// Fills the buffers of the inputs, but not of shared ones that are there.
    #[inline(always)]
    fn gather(&mut self, s: S, first: &Block, blocks: usize, is_prepared: bool) -> Option<()> {
        for input in self.schedule.inputs() {
            let i = input.field.slot as usize;
            let is_shared = self.arrangement.shared.contains(input.field.slot);
            if is_shared && is_prepared {
                continue;
            }
            let blocks = if is_shared { 1 } else { blocks };
            let (transfer, array) = (&self.transfers.of(input.field)?, self.functions[i]);
            outline(s, Gather { transfer, array, first, blocks, buffers: self.inputs.at_mut(input.field)? })?;
        }
        Some(())
    }

    /// Where so many blocks of a function, if there is one, lie in its array.
    #[inline(always)]
    fn plain_place(
        &self,
        field: Option<Field>,
        first: &Block,
        blocks: BlockCounts,
    ) -> Option<(usize, RowsShape)> {
        Some(self.transfers.of(field?)?.plain_rows::<S>(first, blocks))
    }

    /// Their rows.
    #[inline(always)]
    fn plain_rows(
        &self,
        field: Field,
        first: &Block,
        blocks: BlockCounts,
    ) -> Option<Rows<'a, T, T::Lanes<S>>> {
        let (start, shape) = self.plain_place(Some(field), first, blocks)?;
        Rows::new(self.functions[field.slot as usize].get(start..)?, shape)
    }

    /// The direct engine on the arrays themselves, kernel by kernel: one's instructions fill a good part of their cache.
    #[inline(always)]
    fn couple_in_place(&mut self, s: S, first: Block, blocks: usize) -> Option<()> {
        for coupling in self.schedule.couplings() {
            let (mut first, mut left) = (first, blocks);
            while left > 0 {
                let blocks = first.as_samples(left);
                let x1 = self.plain_rows(coupling.first, &first, blocks)?;
                let x2 = self.plain_rows(coupling.second, &first, blocks)?;
                let product = self.plain_place(coupling.product, &first, blocks);
                let bracket = self.plain_place(coupling.bracket, &first, blocks);
                let (_, shape) = product.or(bracket)?;
                let array = self.gradients[coupling.slot as usize].as_deref_mut()?;
                let starts = [product.map(|(start, _)| start), bracket.map(|(start, _)| start)];
                let degrees = coupled(self.arrangement.degrees, coupling.slot);
                let rows = TwoRowsMut::new(array, starts, shape)?;
                let mut results = Results { rows, accumulate: coupling.accumulate };
                direct::couple::<S, T>(s, degrees, blocks, &x1, &x2, &mut results, self.transfers.is_far)?;
                let done = blocks.samples * blocks.of_sample;
                first.advance(done);
                left -= done;
            }
        }
        Some(())
    }

    /// The direct engine on buffers.
    #[inline(always)]
    fn couple(&mut self, s: S, blocks: usize) -> Option<()> {
        let Self { schedule, inputs, targets, arrangement, .. } = self;
        let Arrangement { degrees, shared, .. } = **arrangement;
        for coupling in schedule.couplings() {
            let [slot1, slot2] = coupling.slot.others();
            let shape1 = buffer_rows::<S, T>(degrees[slot1 as usize], blocks, shared.contains(slot1));
            let shape2 = buffer_rows::<S, T>(degrees[slot2 as usize], blocks, shared.contains(slot2));
            let x1 = Rows::new(cast(inputs.at(coupling.first)?), shape1)?;
            let x2 = Rows::new(cast(inputs.at(coupling.second)?), shape2)?;
            let lmax = arrangement.computed_degrees[coupling.slot as usize];
            let shape = buffer_rows::<S, T>(lmax, blocks, false);
            let start = |field: Option<Field>| Some(targets.starts.of(field?)? * lane_count::<S, T>());
            let starts = [start(coupling.product), start(coupling.bracket)];
            let rows = TwoRowsMut::new(cast_mut(targets.memory), starts, shape)?;
            let mut results = Results { rows, accumulate: coupling.accumulate };
            let degrees = coupled(degrees, coupling.slot);
            let blocks = BlockCounts::of_one(blocks);
            direct::couple::<S, T>(s, degrees, blocks, &x1, &x2, &mut results, false)?;
        }
        Some(())
    }

    /// A transform on buffers.
    #[inline(always)]
    fn transform(&mut self, s: S, blocks: usize, is_prepared: bool) -> Option<()> {
        let Self { schedule, kernel, inputs, targets, arrangement, rest, .. } = self;
        let Arrangement { degrees, shared, .. } = **arrangement;
        let (mut rows, mut out) = ([&[][..]; MAX_FIELDS], <[&mut [T::Lanes<S>]; MAX_FIELDS]>::default());
        for (rows, input) in rows.iter_mut().zip(schedule.inputs()) {
            *rows = inputs.at(input.field)?;
        }
        // The targets of a schedule come in the order of their buffers.
        let starts = schedule.targets().iter().map(|target| targets.starts.of(target.field));
        let (mut memory, mut passed) = (Remaining(&mut *targets.memory), 0);
        for ((out, target), start) in out.iter_mut().zip(schedule.targets()).zip(starts) {
            let len = arrangement.blocks * n_lm(degrees[target.field.slot as usize]);
            memory.take(start?.checked_sub(passed)?)?;
            *out = memory.take(len)?;
            passed = start? + len;
        }
        let (rows, blocks) =
            (OperandRows::Buffers { inputs: rows, targets: out }, BlockCounts::of_one(blocks));
        let operands = Operands { schedule, degrees, blocks, rows, shared, is_prepared };
        transform(s, kernel, operands, arrangement, rest)
    }

    /// A transform on the arrays themselves.
    #[inline(always)]
    fn transform_in_place(&mut self, s: S, mut first: Block, mut left: usize) -> Option<()> {
        let Self { schedule, kernel, functions, gradients, transfers, scratch, arrangement, rest, .. } = self;
        let degrees = arrangement.degrees;
        while left > 0 {
            let blocks = first.as_samples(left);
            let plain_rows = |field: Field| Some(transfers.of(field)?.plain_rows::<S>(&first, blocks));
            let (inputs, targets) = ([None; MAX_FIELDS], [const { None }; 3]);
            let (inputs_ahead, targets_ahead) = ([const { None }; MAX_FIELDS], [const { None }; MAX_FIELDS]);
            let are_far = transfers.is_far;
            let mut arrays = Arrays { inputs, targets, are_far, inputs_ahead, targets_ahead, block: scratch };
            for (rows, input) in arrays.inputs.iter_mut().zip(schedule.inputs()) {
                let (start, shape) = plain_rows(input.field)?;
                *rows = Some(Rows::new(functions[input.field.slot as usize].get(start..)?, shape)?);
            }
            for ((rows, gradient), slot) in arrays.targets.iter_mut().zip(&mut **gradients).zip(Slot::ALL) {
                let fields = || schedule.targets().iter().map(|target| target.field);
                let of_part =
                    |part| fields().find(|field| *field == Field { slot, part }).and_then(plain_rows);
                let parts = [of_part(0), of_part(1)];
                if let Some((_, shape)) = parts[0].or(parts[1]) {
                    let starts = parts.map(|part| part.map(|(start, _)| start));
                    *rows = Some(TwoRowsMut::new(gradient.as_deref_mut()?, starts, shape)?);
                }
            }
            let (rows, shared) = (OperandRows::Arrays(&mut arrays), SlotSet::new([false; 3]));
            let operands = Operands { schedule, degrees, blocks, rows, shared, is_prepared: false };
            transform(s, kernel, operands, arrangement, rest)?;
            let done = blocks.samples * blocks.of_sample;
            first.advance(done);
            left -= done;
        }
        Some(())
    }

    /// Writes the targets' buffers, and what gradients with respect to weights they make.
    #[inline(always)]
    fn store(&mut self, s: S, first: &Block, blocks: usize) -> Option<()> {
        let mut targets = self.schedule.targets().iter().peekable();
        let mut last_slot = None;
        while let Some(target) = targets.next() {
            let (slot, i) = (target.field.slot, target.field.slot as usize);
            let (transfer, buffer_lmax) =
                (&self.transfers.of(target.field)?, self.arrangement.computed_degrees[i]);
            let buffers = self.targets.at_mut(target.field)?;
            if let Some(gradient) = self.weight_gradients[i].as_deref_mut() {
                let (lmax, array) = (self.arrangement.degrees[i], self.functions[i]);
                let x = &mut *self.scratch;
                let unweighted = Transfer { scale: &transfer.scale.without_weights(), ..*transfer };
                outline(s, Gather { transfer: &unweighted, array, first, blocks, buffers: &mut *x })?;
                // All parts of a function, then lane by lane, so that sums do not depend on how blocks are taken.
                let (accumulate, element) = (last_slot == Some(slot), PhantomData::<T>);
                let (y, y_lmax, sums) = (&*buffers, buffer_lmax, &mut *self.degree_sums);
                outline(s, DegreeSums { lmax, y_lmax, blocks, x, y, sums, accumulate, element })?;
                if targets.peek().is_none_or(|next| next.field.slot != slot) {
                    let kind = transfer.scale.kind;
                    add_degree_sums::<S, T>((lmax, kind), (*first, blocks), self.degree_sums, gradient)?;
                }
            }
            if let Some(array) = self.gradients[i].as_deref_mut() {
                let accumulate = if self.accumulate { Some(&mut *self.scratch) } else { None };
                outline(s, Scatter { transfer, array, first, blocks, buffers, buffer_lmax, accumulate })?;
            }
            last_slot = Some(slot);
        }
        Some(())
    }
}

/// The terms of some blocks through a transform.
#[inline(always)]
fn transform<'b, S: Simd, T: LaneOps>(
    s: S,
    kernel: &Kernel<'_, T>,
    mut operands: Operands<'b, T, T::Lanes<S>>,
    arrangement: &Arrangement,
    workspace: &'b mut [T::Lanes<S>],
) -> Option<()> {
    let mut memory = Remaining(workspace);
    let (rings, product) = (memory.take(arrangement.rings)?, memory.take(arrangement.samples)?);
    let mut samples: [Samples<'_, T::Lanes<S>>; MAX_FIELDS] = Default::default();
    for (samples, input) in samples.iter_mut().zip(operands.schedule.inputs()) {
        let is_shared = operands.shared.contains(input.field.slot);
        let len = if is_shared { arrangement.shared_samples } else { arrangement.samples };
        samples.values = memory.take(if input.values { len } else { 0 })?;
        for component in &mut samples.gradient {
            *component = memory.take(if input.gradient { len } else { 0 })?;
        }
    }
    macro_rules! run {
        ($transform:expr, $blocks:expr, $start:expr) => {{
            let (transform, blocks, start, operands) = ($transform, $blocks, $start, &mut operands);
            let (rings, rings_stride) = (&mut *rings, arrangement.rings_stride);
            let (product, samples) = (&mut *product, &mut samples);
            Pass { transform, blocks, start, operands, rings, rings_stride, product, samples }.run(s)?;
        }};
    }
    let all = operands.blocks.of_sample;
    match *kernel {
        Kernel::Direct => return None,
        Kernel::Fourier(torus) => run!(torus, 0..all, 0),
        Kernel::Octahedral(OctahedralKernel { rule, low, high, .. }, table) => {
            // (Samples of one block, which all share, do not meet those of two.)
            let any_shared = operands.schedule.reads.intersects(operands.shared);
            let in_pairs = if any_shared { 0 } else { all - all % PAIR };
            macro_rules! kernels {
                ($(($rule:literal, $low:literal, $high:literal))*) => {
                    match (rule, low, high) {
                        $(($rule, $low, $high) => {
                            let mut first = 0;
                            if const { blocks_at_a_time::<S, T>() == PAIR } && in_pairs > 0 {
                                run!(Octahedral::<_, $rule, $low, $high, PAIR> { table }, 0..in_pairs, 0);
                                first = in_pairs;
                            }
                            if first < all {
                                run!(Octahedral::<_, $rule, $low, $high, 1> { table }, first..all, 0);
                            }
                        })*
                        _ => return None,
                    }
                };
            }
            octahedral_kernels!(kernels);
        }
        Kernel::Grid(table, gradient) => {
            let degree = grid::known_degree(&table, operands.degrees);
            if matches!(operands.rows, OperandRows::Arrays(_)) && grid::n_chunks(table.n_theta) > 1 {
                return None;
            }
            for i in 0..grid::n_chunks(table.n_theta) {
                let chunk = grid::chunk(table.n_theta, i);
                let (first_node, start) = (chunk.first_node, chunk.samples_start(table.n_theta));
                macro_rules! chunks {
                    (known: $(($known_rings:literal, $degree:literal))* any: $($rings:literal)*) => {
                        match (chunk.rings, degree) {
                            $(($known_rings, $degree) if const { lane_count::<S, T>() > 1 } => {
                                run!(GridChunk::<_, $known_rings, $degree> { table, gradient, first_node }, 0..all, start);
                            })*
                            $(($rings, _) => {
                                run!(GridChunk::<_, $rings, ANY> { table, gradient, first_node }, 0..all, start);
                            })*
                            _ => return None,
                        }
                    };
                }
                const { assert!(MAX_RINGS == 8) };
                // Rings of the chunks of known degrees, and the degree; the scalar level does without.
                chunks! {
                    known: (8, 5) (4, 6) (6, 6) (5, 7) (6, 7) (5, 8) (8, 8)
                    any: 1 2 3 4 5 6 7 8
                }
            }
        }
    }
    Some(())
}
