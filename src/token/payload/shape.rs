//! [`Shape`]: the lengths of the tuple structs and tuple variants of a value, in the order in which
//! they are written or read.

use core::cell::Cell;

/// A running digest of lengths. It compares what was written with what would be read, both from the
/// application's own types, so nothing but mistakes has to be told apart.
#[derive(Default)]
pub(super) struct Shape(Cell<u64>);

impl Shape {
    #[inline]
    pub(super) fn note(&self, len: usize) {
        // FNV-1a's prime and step.
        let digest = self.0.get() ^ len as u64;
        self.0
            .set(digest.wrapping_add(1).wrapping_mul(0x0100_0000_01b3));
    }

    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.0.get() == other.0.get()
    }
}
