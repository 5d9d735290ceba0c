//! Four parts of a slice side by side.
#![allow(unsafe_code)]

use core::marker::PhantomData;

/// Four equally long parts of a slice, one after the other, to read the elements at one place together.
#[derive(Clone, Copy)]
pub(crate) struct Quads<'a, V> {
    data: *const V,
    part_len: usize,
    slice: PhantomData<&'a [V]>,
}

impl<'a, V: Copy> Quads<'a, V> {
    /// `None` if the slice is too short.
    #[inline(always)]
    pub(crate) fn new(data: &'a [V], part_len: usize) -> Option<Self> {
        let fits = 0 < part_len && part_len.checked_mul(4)? <= data.len();
        if fits { Some(Self { data: data.as_ptr(), part_len, slice: PhantomData }) } else { None }
    }

    /// The elements at a place; at the first, if it does not exist.
    #[inline(always)]
    pub(crate) fn get(&self, i: usize) -> [V; 4] {
        let i = if i < self.part_len { i } else { 0 };
        let mut source = self.data.wrapping_add(i);
        // SAFETY: `i < part_len`, and `new` checked that four parts of that length lie inside the slice that `'a` borrows.
        let mut values = [unsafe { *source }; 4];
        for value in &mut values {
            // SAFETY: as above.
            *value = unsafe { *source };
            source = source.wrapping_add(self.part_len);
        }
        values
    }
}

/// Likewise, to write.
pub(crate) struct QuadsMut<'a, V> {
    data: *mut V,
    part_len: usize,
    slice: PhantomData<&'a mut [V]>,
}

impl<'a, V: Copy> QuadsMut<'a, V> {
    /// `None` if the slice is too short.
    #[inline(always)]
    pub(crate) fn new(data: &'a mut [V], part_len: usize) -> Option<Self> {
        let fits = 0 < part_len && part_len.checked_mul(4)? <= data.len();
        if fits { Some(Self { data: data.as_mut_ptr(), part_len, slice: PhantomData }) } else { None }
    }

    /// The elements at a place; at the first, if it does not exist.
    #[inline(always)]
    pub(crate) fn get(&self, i: usize) -> [V; 4] {
        Quads { data: self.data.cast_const(), part_len: self.part_len, slice: PhantomData }.get(i)
    }

    /// Writes the elements at a place; at the first, if it does not exist.
    #[inline(always)]
    pub(crate) fn set(&mut self, i: usize, values: [V; 4]) {
        let i = if i < self.part_len { i } else { 0 };
        let mut target = self.data.wrapping_add(i);
        for value in values {
            // SAFETY: as in `Quads::get`, and the slice is borrowed mutably.
            unsafe { *target = value };
            target = target.wrapping_add(self.part_len);
        }
    }
}
