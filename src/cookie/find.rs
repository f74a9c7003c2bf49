//! Finding our cookie among others in the value of a `Cookie` header.
//!
//! The header is read as bytes: a cookie of another application may have bytes outside ASCII, and
//! must not hide ours. Names are compared byte for byte, so `__host-session`, which a browser may
//! protect less, is not ours. A value is taken as it is: one that is quoted or padded does not
//! open.

/// How much of the headers is looked through, in bytes. Servers commonly allow 8 to 64 KiB.
pub(crate) const MAX_HEADER: usize = 64 * 1024;

/// How many cookies of one name are tried with a key. A browser sends several when they differ in
/// path or domain; others can plant more to cost us time.
pub(crate) const MAX_TRIED: usize = 16;

/// A cookie of our name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Candidate<'h> {
    Value(&'h [u8]),
    /// It is joined with another by a comma, as some gateways join several headers of one name into
    /// one. Cookies are joined by `; ` (RFC 9113, section 8.2.3): where ours ends, nobody can tell.
    Joined,
}

/// Every cookie called `name`, in order.
pub(crate) fn find<'h>(header: &'h [u8], name: &str) -> impl Iterator<Item = Candidate<'h>> {
    header
        .split(|&byte| byte == b';')
        .filter_map(move |pair| match value_of(pair, name) {
            Some(value) if value.contains(&b',') => Some(Candidate::Joined),
            Some(value) => Some(Candidate::Value(value)),
            None => is_joined(pair, name).then_some(Candidate::Joined),
        })
}

/// `start`, the start of a header that goes on with `rest`, without a last pair that is cut.
pub(crate) fn whole_pairs<'h>(start: &'h [u8], rest: &[u8]) -> &'h [u8] {
    if rest.first().is_none_or(|&byte| byte == b';') {
        return start;
    }
    let end = start.iter().rposition(|&byte| byte == b';');
    end.and_then(|end| start.get(..end)).unwrap_or_default()
}

#[inline]
fn value_of<'h>(pair: &'h [u8], name: &str) -> Option<&'h [u8]> {
    skip_space(pair)
        .strip_prefix(name.as_bytes())?
        .strip_prefix(b"=")
}

/// Space and tab alone: what else a server lets through is part of a name that is not ours.
#[inline]
fn skip_space(mut pair: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = pair {
        pair = rest;
    }
    pair
}

/// Whether our cookie stands behind a comma in another's value.
fn is_joined(pair: &[u8], name: &str) -> bool {
    let mut after_commas = pair.split(|&byte| byte == b',').skip(1);
    after_commas.any(|part| value_of(part, name).is_some())
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
            // Only space and tab stand before a name.
            ("\ns=1; \r\ns=2; \x0cs=3; \x0bs=4; \u{a0}s=5; \0s=6", &[]),
            ("", &[]),
            (";;;", &[]),
        ] {
            let values: Vec<Candidate<'_>> = find(header.as_bytes(), "s").collect();
            let expected: Vec<Candidate<'_>> = found
                .iter()
                .map(|v| Candidate::Value(v.as_bytes()))
                .collect();
            assert_eq!(values, expected, "{header:?}");
        }
    }

    #[test]
    fn a_cookie_that_is_joined_by_a_comma_is_told_from_none() {
        for (header, joined) in [
            ("a=0, s=1", 1),
            ("a=0,s=1; b=2", 1),
            ("a=0,\ts=1, s=2; b=2, s=3", 2),
            ("s=1, a=0", 1),
            ("s=1,", 1),
            ("a=0, sx=1; b=1,xs=2, s; c=,", 0),
            ("a=s=1, b", 0),
        ] {
            let found: Vec<Candidate<'_>> = find(header.as_bytes(), "s").collect();
            assert_eq!(found, alloc::vec![Candidate::Joined; joined], "{header}");
        }
    }

    #[test]
    fn the_last_pair_of_a_start_is_left_out_where_it_goes_on() {
        for (start, rest, whole) in [
            ("a=1; s=2", "3", "a=1"),
            ("a=1; s=2", ";", "a=1; s=2"),
            ("a=1; s=2", "; b=3", "a=1; s=2"),
            ("a=1; s=2", "", "a=1; s=2"),
            ("a=1; s=2;", " b", "a=1; s=2"),
            ("s=2", "3", ""),
            ("", "s=2", ""),
        ] {
            let pairs = whole_pairs(start.as_bytes(), rest.as_bytes());
            assert_eq!(pairs, whole.as_bytes(), "{start}");
        }
    }
}
