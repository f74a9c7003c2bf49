//! The two encodings that everything authenticated is built from: `list` and `varint`.
//!
//! Both are injective: no two inputs give the same bytes, so a letter that moves from one field
//! to the next changes what is authenticated. Spec, section 1.

use alloc::vec::Vec;

/// The longest form of a `varint`: ten groups of seven bits hold a `u64`.
const VARINT_MAX: usize = 10;

/// Encodes byte strings so that no two lists give the same bytes: before each its length, as four
/// bytes, big-endian.
///
/// Use it to bind a session to several values at once:
///
/// ```
/// let binding = sealed_session::list(&[b"tenant-7", b"device-3"]);
/// assert_eq!(binding, b"\x00\x00\x00\x08tenant-7\x00\x00\x00\x08device-3");
/// ```
///
/// An item of 4 GiB or more has no encoding; what comes back then is longer than any binding or
/// audience may be, so its use fails.
#[must_use]
pub fn list(items: &[&[u8]]) -> Vec<u8> {
    let mut encoded = Vec::new();
    for item in items {
        encoded.extend_from_slice(&length_prefix(item).unwrap_or([0xff; 4]));
        encoded.extend_from_slice(item);
    }
    encoded
}

/// `u32be(len(bytes))`, or none for 4 GiB and more.
pub(crate) fn length_prefix(bytes: &[u8]) -> Option<[u8; 4]> {
    u32::try_from(bytes.len()).ok().map(u32::to_be_bytes)
}

/// Appends the shortest LEB128 form of `value`.
pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    loop {
        let group = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            return out.push(group);
        }
        out.push(group | 0x80);
    }
}

/// Splits the shortest LEB128 form of a `u64` off the front of `input`. A longer form than
/// needed, or a value that needs more than 64 bits, gives none.
#[inline]
pub(crate) fn take_varint(input: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    let mut shift = 0u32;
    for _ in 0..VARINT_MAX {
        let (&byte, rest) = input.split_first()?;
        *input = rest;
        let group = u64::from(byte & 0x7f);
        // The tenth group starts at bit 63 and has room for one bit.
        if shift == 63 && group > 1 {
            return None;
        }
        value |= group << shift;
        if byte & 0x80 == 0 {
            // A last group of zero adds nothing: the form was longer than needed.
            return (byte != 0 || shift == 0).then_some(value);
        }
        shift = shift.wrapping_add(7);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(value: u64) -> Vec<u8> {
        let mut out = Vec::new();
        put_varint(&mut out, value);
        out
    }

    #[test]
    fn a_varint_is_read_back_at_every_length_and_boundary() {
        let boundaries = (0..64).flat_map(|bit| {
            let power = 1u64 << bit;
            [power.wrapping_sub(1), power, power.wrapping_add(1)]
        });
        for value in boundaries.chain([0, u64::MAX]) {
            let bytes = encoded(value);
            let mut input = bytes.as_slice();
            assert_eq!(take_varint(&mut input), Some(value));
            assert!(input.is_empty());
        }
        assert_eq!(encoded(u64::MAX).len(), VARINT_MAX);
    }

    #[test]
    fn a_varint_longer_than_needed_or_over_64_bits_is_refused() {
        for bytes in [
            &[0x80, 0x00][..],
            &[0xff, 0x00],
            &[0x80, 0x80, 0x00],
            &[0x80; 10],
            &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02],
            &[
                0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01,
            ],
            &[0x80],
            &[],
        ] {
            assert_eq!(take_varint(&mut { bytes }), None, "{bytes:02x?}");
        }
    }
}
