//! Finding our cookie among others in the value of a `Cookie` header.
//!
//! The header is bytes: another application's cookie beyond ASCII must not hide ours. Names are
//! compared byte for byte, so `__host-session`, which a browser would guard less, is not ours. A
//! value is taken as it stands: what is quoted or padded does not open.

/// The longest header that is looked through, in bytes. Servers commonly allow 8 to 64 KiB.
pub(crate) const MAX_HEADER: usize = 64 * 1024;

/// How many cookies of one name are tried. A browser sends several when they differ in path or
/// domain; others can plant more to cost us time.
pub(crate) const MAX_TRIED: usize = 4;

/// The values of every cookie called `name`, in order.
pub(crate) fn find<'h>(header: &'h [u8], name: &str) -> impl Iterator<Item = &'h [u8]> {
    header.split(|&byte| byte == b';').filter_map(move |pair| {
        pair.trim_ascii_start()
            .strip_prefix(name.as_bytes())?
            .strip_prefix(b"=")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn only_the_very_name_is_found() {
        for (header, found) in [
            ("s=1", &["1"][..]),
            ("a=0; s=1; b=2", &["1"]),
            ("a=0;s=1;\t s=2", &["1", "2"]),
            ("s=", &[""]),
            ("s=a=b", &["a=b"]),
            ("s=\"1\"", &["\"1\""]),
            ("xs=1; sx=2; S=3; s; =s; s =4; a=s=5", &[]),
            ("", &[]),
            (";;;", &[]),
        ] {
            let values: Vec<&[u8]> = find(header.as_bytes(), "s").collect();
            let expected: Vec<&[u8]> = found.iter().map(|v| v.as_bytes()).collect();
            assert_eq!(values, expected, "{header}");
        }
    }
}
