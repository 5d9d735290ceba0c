//! Between arrays in which a lane's elements lie together, or anywhere, and rows of lanes.
#![allow(unsafe_code)]

use bytemuck::Pod;

use super::MAX_LANES;

/// Where the elements of every lane lie in an array: element `i` of lane `n` is `starts[n] + i · stride`.
#[derive(Clone, Copy)]
pub(crate) struct LaneElements {
    pub(crate) starts: [usize; MAX_LANES],
    /// Lanes in use; the others repeat the first one.
    pub(crate) used: usize,
    pub(crate) stride: usize,
}

impl LaneElements {
    /// Whether `rows` elements of each of `lanes` lanes lie inside an array.
    #[inline(always)]
    fn are_inside(&self, lanes: usize, rows: usize, len: usize) -> bool {
        let Some(last) = rows.checked_sub(1).and_then(|steps| steps.checked_mul(self.stride)) else {
            return rows == 0;
        };
        let inside = |start: &usize| start.checked_add(last).is_some_and(|index| index < len);
        self.starts.get(..lanes).is_some_and(|starts| starts.iter().all(inside))
    }
}

/// Reads rows of `LANES` lanes: `rows[i · LANES + n]` is element `i` of lane `n`. `None` if the array is too short.
#[inline(always)]
pub(crate) fn read_lanes<T: Pod, const LANES: usize>(
    array: &[T],
    elements: &LaneElements,
    rows: &mut [T],
) -> Option<()> {
    if !elements.are_inside(LANES, rows.len() / LANES, array.len()) {
        return None;
    }
    let starts: &[usize; LANES] = elements.starts.first_chunk()?;
    let mut offset = 0;
    for row in rows.chunks_exact_mut(LANES) {
        for (lane, start) in row.iter_mut().zip(starts) {
            // SAFETY: `are_inside` checked every row's element of each of the lanes.
            *lane = unsafe { *array.get_unchecked(start + offset) };
        }
        offset += elements.stride;
    }
    Some(())
}

/// The inverse of [`read_lanes`] for the lanes in use. `None` if the array is too short.
#[inline(always)]
pub(crate) fn write_lanes<T: Pod, const LANES: usize>(
    array: &mut [T],
    elements: &LaneElements,
    rows: &[T],
) -> Option<()> {
    if !elements.are_inside(LANES, rows.len() / LANES, array.len()) {
        return None;
    }
    let starts: &[usize; LANES] = elements.starts.first_chunk()?;
    let mut offset = 0;
    for row in rows.chunks_exact(LANES) {
        if elements.used == LANES {
            for (lane, start) in row.iter().zip(starts) {
                // SAFETY: `are_inside` checked every row's element of each of the lanes.
                unsafe { *array.get_unchecked_mut(start + offset) = *lane };
            }
        } else {
            for (lane, start) in row.iter().zip(starts).take(elements.used) {
                // SAFETY: as above.
                unsafe { *array.get_unchecked_mut(start + offset) = *lane };
            }
        }
        offset += elements.stride;
    }
    Some(())
}
