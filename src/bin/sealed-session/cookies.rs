//! Finding a cookie in what people paste: a value, a header, a browser's table, JSON.

use zeroize::Zeroizing;

/// As some tools write the two signs of a value that are neither letters nor digits.
pub(crate) fn unescaped(text: &str) -> Zeroizing<String> {
    let text = text.trim_start_matches('\u{feff}');
    Zeroizing::new(
        text.replace("%2D", "-")
            .replace("%2d", "-")
            .replace("%5F", "_")
            .replace("%5f", "_"),
    )
}

/// The values of the cookies called `name` in a header, in a browser's table or in JSON; or all of `text`
/// where it is a value alone, perhaps in quotes. Without a name, only such a value is found.
pub(crate) fn values<'t>(text: &'t str, name: Option<&str>) -> Vec<&'t str> {
    let bare = text.trim_matches(|c: char| c.is_whitespace() || "\"',;".contains(c));
    if !bare.is_empty() && bare.bytes().all(is_of_value) {
        return vec![bare];
    }
    let Some(name) = name.filter(|name| !name.is_empty()) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let mut before = ' ';
    let mut rest = text;
    while let Some((start, behind)) = rest.split_once(name) {
        let part_of_another = start.chars().next_back().unwrap_or(before);
        before = name.chars().next_back().unwrap_or(' ');
        rest = behind;
        if u8::try_from(part_of_another).is_ok_and(is_of_value) {
            continue;
        }
        // What stands between a name and its value in all of these; in JSON also the word.
        let between = |c: char| c.is_whitespace() || "\"'=:,".contains(c);
        let behind = behind
            .strip_prefix(between)
            .map(|b| b.trim_start_matches(between));
        let Some(behind) = behind else {
            continue;
        };
        let behind = behind
            .strip_prefix("value\"")
            .map_or(behind, |behind| behind.trim_start_matches(between));
        let end = behind.bytes().position(|byte| !is_of_value(byte));
        found.extend(behind.get(..end.unwrap_or(behind.len())));
    }
    found
}

/// base64url.
const fn is_of_value(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}
