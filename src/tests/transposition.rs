//! Reading and writing rows of lanes, against indices written out.

use std::vec;
use std::vec::Vec;

use pulp::{Simd, WithSimd};

use super::support::levels;
use super::tolerance::Roundoff;
use crate::isa::Level;
use crate::lanes::{LaneElements, LaneRows, MAX_LANES, cast, cast_mut, lane_count, read_lanes, write_lanes};

/// More elements than any tile has, with every remainder, and the degree blocks to degree 24.
const MAX_ROWS: usize = 49;

/// Where the lanes of a test start, the distance of a lane's elements, and blocks, how many and how far apart.
struct Place {
    elements: LaneElements,
    starts: [usize; MAX_LANES],
    used: usize,
    stride: usize,
    blocks: usize,
    block_stride: usize,
}

impl Place {
    fn equidistant(first: usize, lanes: usize, lane_stride: usize, stride: usize) -> Self {
        let starts = core::array::from_fn(|lane| first + lane * lane_stride);
        let elements = LaneElements::equidistant(first, lane_stride, stride, 0);
        Self { elements, starts, used: lanes, stride, blocks: 1, block_stride: 0 }
    }

    /// Three blocks like this one, all of whose lanes are in use.
    fn repeated(self) -> Self {
        let block_stride = 1 + self.starts.iter().max().unwrap() + MAX_ROWS * self.stride;
        let elements = LaneElements::anywhere(self.starts, self.stride, block_stride);
        Self { elements, blocks: 3, block_stride, ..self }
    }

    /// Three blocks of lanes.
    fn blocks(first: usize, lanes: usize, [lane_stride, stride, block_stride]: [usize; 3]) -> Self {
        let elements = LaneElements::equidistant(first, lane_stride, stride, block_stride);
        Self { elements, blocks: 3, block_stride, ..Self::equidistant(first, lanes, lane_stride, stride) }
    }

    /// Lanes in an order that is neither ascending nor descending, with gaps between them.
    fn anywhere(used: usize, rows: usize, stride: usize) -> Self {
        let mut starts = core::array::from_fn(|lane| 2 + (lane * 7 + 5) % MAX_LANES * (rows * stride + 1));
        let first = starts[0];
        starts[used..].fill(first);
        Self::starting_at(starts, used, stride)
    }

    /// Lanes of which so many are neighbours each time.
    fn neighbours(len: usize, lanes: usize, rows: usize, stride: usize) -> Self {
        let start = |lane: usize| lane % len + (MAX_LANES - lane / len) * (rows * stride + len);
        Self::starting_at(core::array::from_fn(start), lanes, stride)
    }

    /// Lanes whose elements lie together, of which so many are neighbours each time.
    fn neighbouring_columns(len: usize, lanes: usize, rows: usize) -> Self {
        let start = |lane: usize| lane % len * rows + (MAX_LANES - lane / len) * (len * rows + 1);
        Self::starting_at(core::array::from_fn(start), lanes, 1)
    }

    fn starting_at(starts: [usize; MAX_LANES], used: usize, stride: usize) -> Self {
        let elements = LaneElements::anywhere(starts, stride, 0);
        Self { elements, starts, used, stride, blocks: 1, block_stride: 0 }
    }

    fn index(&self, block: usize, row: usize, lane: usize) -> usize {
        block * self.block_stride + self.starts[lane] + row * self.stride
    }

    /// The shortest array that contains the elements.
    fn len(&self, rows: usize, lanes: usize) -> usize {
        (0..lanes).map(|lane| self.index(self.blocks - 1, rows - 1, lane) + 1).max().unwrap()
    }
}

/// All places for rows of so many lanes.
fn places(rows: usize, lanes: usize) -> Vec<Place> {
    let mut places = vec![
        Place::equidistant(3, lanes, 0, 1),
        Place::equidistant(3, lanes, 0, 2),
        Place::equidistant(2, lanes, 1, lanes),
        Place::equidistant(2, lanes, 1, lanes + 3),
        Place::equidistant(1, lanes, rows, 1),
        Place::equidistant(1, lanes, rows + 1, 1),
        Place::equidistant(0, lanes, 2 * rows, 2),
    ];
    for [lane_stride, stride] in [[0, 1], [1, lanes], [rows, 1], [rows + 1, 1], [2 * rows, 2]] {
        let block = 3 + (lanes * lane_stride).max(rows * stride);
        places.push(Place::blocks(2, lanes, [lane_stride, stride, block]));
    }
    for len in [2, 4, 8] {
        places.push(Place::neighbours(len, lanes, rows, lanes));
        places.push(Place::neighbours(len, lanes, rows, lanes).repeated());
        places.push(Place::neighbouring_columns(len, lanes, rows));
        places.push(Place::neighbouring_columns(len, lanes, rows).repeated());
    }
    places.push(Place::anywhere(lanes, rows, 1).repeated());
    for used in 1..=lanes {
        places.extend([Place::anywhere(used, rows, 1), Place::anywhere(used, rows, 3)]);
    }
    places
}

/// Checks every place on one level.
struct AllPlaces<T>(core::marker::PhantomData<T>);

impl<T: Roundoff> WithSimd for AllPlaces<T> {
    type Output = ();

    fn with_simd<S: Simd>(self, s: S) {
        let lanes = lane_count::<S, T>();
        // Sums that overflow are not inside either.
        let mut rows = vec![T::splat(s, T::from_f64(0.0)); 3];
        let array = [T::from_f64(0.0); 3];
        for far in [usize::MAX, usize::MAX / 2 + 2] {
            let mut reads =
                |elements| read_lanes(s, &array, &elements, LaneRows::of_block(&mut *rows)).is_some();
            assert!(!reads(LaneElements::equidistant(0, 1, far, 0)));
            assert!(!reads(LaneElements::equidistant(far, 1, 1, 0)));
            assert!(lanes == 1 || !reads(LaneElements::equidistant(0, far, 1, 0)));
            let elements = LaneElements::equidistant(0, 0, 1, far);
            let blocks = LaneRows { rows: &mut *rows, blocks: 2, count: 1, stride: 2 };
            assert!(read_lanes(s, &array, &elements, blocks).is_none());
            let (elements, rows) = (LaneElements::equidistant(0, 0, 0, 0), &mut *rows);
            for (blocks, count, stride) in [(2, 2, 2), (4, 1, 1), (2, 1, far), (0, 1, 1), (1, 0, 1)] {
                let rows = LaneRows { rows: &mut *rows, blocks, count, stride };
                assert!(read_lanes(s, &array, &elements, rows).is_none());
            }
        }
        for n_rows in 1..=MAX_ROWS {
            for place in places(n_rows, lanes) {
                Self::check(s, n_rows, &place);
            }
        }
    }
}

impl<T: Roundoff> AllPlaces<T> {
    fn check<S: Simd>(s: S, count: usize, place: &Place) {
        let (lanes, blocks, stride) = (lane_count::<S, T>(), place.blocks, count + 2);
        let len = place.len(count, lanes);
        let array: Vec<T> = (0..len).map(|i| T::from_f64(i as f64)).collect();
        let untouched = T::from_f64(-7.0);
        let mut rows = vec![T::splat(s, untouched); blocks * stride];
        let mut to_read = |array: &[T]| {
            let rows = LaneRows { rows: &mut *rows, blocks, count, stride };
            read_lanes(s, array, &place.elements, rows)
        };
        assert!(to_read(&array[..len - 1]).is_none());
        to_read(&array).unwrap();
        for (i, values) in cast::<_, T>(&rows).chunks(lanes).enumerate() {
            let (block, row) = (i / stride, i % stride);
            for (lane, value) in values.iter().enumerate() {
                let expected = if row < count { array[place.index(block, row, lane)] } else { untouched };
                assert!(*value == expected, "{count} rows: {block}, {row}, {lane}");
            }
        }

        // What idle lanes hold may not be written, nor anything beside the elements.
        let written = |i: usize, lane: usize| T::from_f64(-1.0 - (i * MAX_LANES + lane) as f64);
        for (i, values) in cast_mut::<_, T>(&mut rows).chunks_mut(lanes).enumerate() {
            for (lane, value) in values.iter_mut().enumerate() {
                *value = if lane < place.used { written(i, lane) } else { T::from_f64(f64::NAN) };
            }
        }
        let mut expected = array.clone();
        for block in 0..blocks {
            for (row, lane) in (0..count).flat_map(|row| (0..place.used).rev().map(move |n| (row, n))) {
                expected[place.index(block, row, lane)] = written(block * stride + row, lane);
            }
        }
        let mut out = array;
        let rows = LaneRows { rows: &*rows, blocks, count, stride };
        assert!(write_lanes(s, &mut out[..len - 1], &place.elements, rows).is_none());
        write_lanes(s, &mut out, &place.elements, rows).unwrap();
        assert!(out == expected, "{count} rows of {} lanes: {:?}", place.used, place.starts);
    }
}

fn rows_match_indices<T: Roundoff>() {
    for isa in levels() {
        Level::up_to(Some(isa)).run(AllPlaces::<T>(core::marker::PhantomData));
    }
}

#[test]
fn rows_match_indices_f32() {
    rows_match_indices::<f32>();
}

#[test]
fn rows_match_indices_f64() {
    rows_match_indices::<f64>();
}
