//! Reading and writing rows of lanes, against indices written out.

use std::vec;
use std::vec::Vec;

use pulp::{Simd, WithSimd};

use super::support::levels;
use super::tolerance::Roundoff;
use crate::isa::Level;
use crate::lanes::{LaneElements, MAX_LANES, cast, cast_mut, lane_count, read_lanes, write_lanes};

/// More elements than any tile has, with every remainder, and the degree blocks to degree 24.
const MAX_ROWS: usize = 49;

/// Where the lanes of a test start, and the distance of a lane's elements.
struct Place {
    elements: LaneElements,
    starts: [usize; MAX_LANES],
    used: usize,
    stride: usize,
}

impl Place {
    fn equidistant(first: usize, lanes: usize, lane_stride: usize, stride: usize) -> Self {
        let starts = core::array::from_fn(|lane| first + lane * lane_stride);
        let elements = LaneElements::equidistant(first, lane_stride, stride);
        Self { elements, starts, used: lanes, stride }
    }

    /// Lanes in an order that is neither ascending nor descending, with gaps between them.
    fn anywhere(used: usize, rows: usize, stride: usize) -> Self {
        let mut starts = core::array::from_fn(|lane| 2 + (lane * 7 + 5) % MAX_LANES * (rows * stride + 1));
        let first = starts[0];
        starts[used..].fill(first);
        Self { elements: LaneElements::anywhere(starts, stride), starts, used, stride }
    }

    fn index(&self, row: usize, lane: usize) -> usize {
        self.starts[lane] + row * self.stride
    }

    /// The shortest array that contains the elements.
    fn len(&self, rows: usize, lanes: usize) -> usize {
        (0..lanes).map(|lane| self.index(rows - 1, lane) + 1).max().unwrap()
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
            for elements in [LaneElements::equidistant(0, 1, far), LaneElements::equidistant(far, 1, 1)] {
                assert!(read_lanes(s, &array, &elements, &mut rows).is_none());
            }
            let elements = LaneElements::equidistant(0, far, 1);
            assert!(lanes == 1 || read_lanes(s, &array, &elements, &mut rows).is_none());
        }
        for n_rows in 1..=MAX_ROWS {
            for place in places(n_rows, lanes) {
                let len = place.len(n_rows, lanes);
                let array: Vec<T> = (0..len).map(|i| T::from_f64(i as f64)).collect();
                let mut rows = vec![T::splat(s, T::from_f64(f64::NAN)); n_rows];
                assert!(read_lanes(s, &array[..len - 1], &place.elements, &mut rows).is_none());
                read_lanes(s, &array, &place.elements, &mut rows).unwrap();
                for (row, values) in cast::<_, T>(&rows).chunks(lanes).enumerate() {
                    for (lane, value) in values.iter().enumerate() {
                        assert!(*value == array[place.index(row, lane)], "{n_rows} rows: {row}, {lane}");
                    }
                }

                // What idle lanes hold may not be written, nor anything beside the elements.
                let written = |row: usize, lane: usize| T::from_f64(-1.0 - (row * MAX_LANES + lane) as f64);
                for (row, values) in cast_mut::<_, T>(&mut rows).chunks_mut(lanes).enumerate() {
                    for (lane, value) in values.iter_mut().enumerate() {
                        *value = if lane < place.used { written(row, lane) } else { T::from_f64(f64::NAN) };
                    }
                }
                let mut expected = array.clone();
                for (row, lane) in (0..n_rows).flat_map(|row| (0..place.used).rev().map(move |n| (row, n))) {
                    expected[place.index(row, lane)] = written(row, lane);
                }
                let mut out = array;
                assert!(write_lanes(s, &mut out[..len - 1], &place.elements, &rows).is_none());
                write_lanes(s, &mut out, &place.elements, &rows).unwrap();
                assert!(out == expected, "{n_rows} rows of {} lanes: {:?}", place.used, place.starts);
            }
        }
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
