//! `cargo bench --bench layouts`: layout conversion in all directions and rotation, beside a copy of the same arrays, in
//! turns. Every conversion is checked against the indices of the layouts before it is timed, rotation by rotating back.
//! Prints medians over the rounds: of the copy's time, and of the ratio to it within a round.

use std::time::{Duration, Instant};

use gaunt::{CacheLine, Layout, Real, RotationDesc, RotationForm, RotationPlan, Sense, convert_layout, n_lm};

const LAYOUTS: [(&str, Layout); 3] =
    [("lm", Layout::LmChannel), ("channel", Layout::ChannelLm), ("e3nn", Layout::E3nnBlocks)];
/// Degree and channels.
const SHAPES: [(usize, usize); 6] = [(1, 128), (2, 128), (4, 128), (10, 64), (4, 13), (4, 1)];
/// Bytes of an array: in the second cache with its copy, and beyond all caches.
const SIZES: [usize; 2] = [300_000, 64_000_000];
const ROUNDS: usize = 11;
/// How long a candidate runs in a round, or one call if that is longer.
const TURN: Duration = Duration::from_micros(500);

/// What is timed: a name, and one call from `x` to `out`.
type Candidate<'a, T> = (String, Box<dyn FnMut(&[T], &mut [T]) + 'a>);

fn main() {
    println!("Times relative to a copy; medians of {ROUNDS} rounds. lm: `lm_channel`, and so on.");
    time::<f32>("f32");
    time::<f64>("f64");
}

fn time<T: Real>(dtype: &str) {
    for bytes in SIZES {
        let mut header = true;
        for (lmax, n_channels) in SHAPES {
            let sample_len = n_channels * n_lm(lmax);
            let n_samples = (bytes / size_of::<T>() / sample_len).max(1);
            let mut tables = Vec::new();
            let candidates = candidates::<T>(lmax, n_channels, n_samples, &mut tables);
            if header {
                let names: Vec<_> = candidates.iter().skip(1).map(|(name, _)| name.as_str()).collect();
                println!("\n{dtype}, arrays of {} kB\n", bytes / 1000);
                println!("| L | channels | copy, GB/s | {} |", names.join(" | "));
                println!("{}|", "| --- ".repeat(3 + names.len()));
                header = false;
            }
            let len = n_samples * sample_len;
            let (seconds, ratios) = measure(candidates, len);
            // Read and written.
            let rate = 2e-9 * (len * size_of::<T>()) as f64 / seconds;
            let ratios: Vec<_> = ratios.iter().map(|ratio| format!("{ratio:.2}")).collect();
            println!("| {lmax} | {n_channels} | {rate:.0} | {} |", ratios.join(" | "));
        }
    }
}

/// A copy, the conversions and a rotation, checked.
fn candidates<T: Real>(
    lmax: usize,
    n_channels: usize,
    n_samples: usize,
    tables: &mut Vec<CacheLine>,
) -> Vec<Candidate<'_, T>> {
    let mut all: Vec<Candidate<T>> = vec![("copy".into(), Box::new(|x, out| out.copy_from_slice(x)))];
    for (from, to) in LAYOUTS.iter().flat_map(|from| LAYOUTS.iter().map(move |to| (from, to))) {
        if from != to {
            check_conversion::<T>(lmax, n_channels, from.1, to.1);
            let convert = move |x: &[T], out: &mut [T]| {
                convert_layout(lmax, n_channels, n_samples, (from.1, x), (to.1, out)).expect("lengths fit");
            };
            all.push((format!("{} → {}", from.0, to.0), Box::new(convert)));
        }
    }
    let mut desc = RotationDesc::new(lmax);
    (desc.n_channels, desc.form) = (n_channels, RotationForm::Quaternion);
    tables.resize(desc.memory::<T>().expect("small sizes").tables, CacheLine::ZERO);
    let plan = RotationPlan::<T>::new(&desc, tables).expect("the memory is what the plan needs");
    let quaternions: Vec<T> = (0..n_samples)
        .flat_map(|sample| {
            let (sine, cosine) = (0.1 * sample as f64).sin_cos();
            [cosine, 0.6 * sine, 0.0, 0.8 * sine].map(T::from_f64)
        })
        .collect();
    let mut workspace = vec![CacheLine::ZERO; plan.workspace_len()];
    let mut rotate = move |sense, x: &[T], out: &mut [T]| {
        plan.execute(sense, n_samples, &quaternions, x, out, &mut workspace).expect("lengths fit");
    };
    check_rotation(n_samples * n_channels * n_lm(lmax), &mut rotate);
    all.push(("rotate lm".into(), Box::new(move |x, out| rotate(Sense::Forward, x, out))));
    all
}

/// Numbers of size one, exact in both types.
fn numbers<T: Real>(len: usize) -> Vec<T> {
    (0..len).map(|i| T::from_f64((i * 37 % 127) as f64 / 64.0 - 1.0)).collect()
}

/// Converts three samples of different numbers, and looks where they are.
fn check_conversion<T: Real>(lmax: usize, n_channels: usize, from: Layout, to: Layout) {
    let len = n_channels * n_lm(lmax);
    let x: Vec<T> = (0..3 * len).map(|i| T::from_f64(i as f64)).collect();
    let mut out = vec![T::default(); x.len()];
    convert_layout(lmax, n_channels, 3, (from, &x), (to, &mut out)).expect("lengths fit");
    for (sample, channel) in (0..3).flat_map(|sample| (0..n_channels).map(move |c| (sample, c))) {
        for (l, i) in (0..=lmax).flat_map(|l| (0..=2 * l).map(move |i| (l, i))) {
            let [source, target] = [from, to].map(|layout| {
                sample * len
                    + match layout {
                        Layout::LmChannel => (l * l + i) * n_channels + channel,
                        Layout::ChannelLm => channel * n_lm(lmax) + l * l + i,
                        Layout::E3nnBlocks => l * l * n_channels + channel * (2 * l + 1) + i,
                    }
            });
            assert!(x[source] == out[target], "{from:?} to {to:?}: {sample}, {channel}, {l}, {i}");
        }
    }
}

/// Rotates there and back. (Whether by the right rotation is the tests' subject.)
fn check_rotation<T: Real>(len: usize, rotate: &mut impl FnMut(Sense, &[T], &mut [T])) {
    let x = numbers::<T>(len);
    let [mut there, mut back] = [(); 2].map(|()| vec![T::default(); len]);
    rotate(Sense::Forward, &x, &mut there);
    rotate(Sense::Inverse, &there, &mut back);
    assert!(
        there != x
            && x.iter().zip(&back).all(|(x, y)| (Into::<f64>::into(*x) - Into::<f64>::into(*y)).abs() < 1e-4)
    );
}

/// Seconds of the first candidate, and times of the others relative to it.
fn measure<T: Real>(mut candidates: Vec<Candidate<'_, T>>, len: usize) -> (f64, Vec<f64>) {
    let (x, mut out) = (numbers::<T>(len), vec![T::default(); len]);
    let mut run = |candidate: &mut Candidate<T>, calls: usize| {
        let start = Instant::now();
        for _ in 0..calls {
            (candidate.1)(std::hint::black_box(&x), std::hint::black_box(&mut out));
        }
        start.elapsed().as_secs_f64() / calls as f64
    };
    let calls: Vec<_> = candidates
        .iter_mut()
        .map(|candidate| {
            run(candidate, 1); // touches everything once
            let mut calls = 1;
            while run(candidate, calls) * (calls as f64) < TURN.as_secs_f64() {
                calls *= 2;
            }
            calls
        })
        .collect();
    let mut rounds = vec![Vec::with_capacity(ROUNDS); candidates.len()];
    for _ in 0..ROUNDS {
        let times = candidates.iter_mut().zip(&calls).map(|(candidate, calls)| run(candidate, *calls));
        let times: Vec<f64> = times.collect();
        rounds[0].push(times[0]);
        for (ratios, time) in rounds.iter_mut().zip(&times).skip(1) {
            ratios.push(time / times[0]);
        }
    }
    let mut medians = rounds.into_iter().map(median);
    (medians.next().expect("the copy"), medians.collect())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
