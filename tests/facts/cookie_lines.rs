//! The lines of a `Set-Cookie` header, as text and as the types of other libraries.

use sealed_session::CookieSettings;
#[cfg(feature = "http")]
use sealed_session::SetCookie;

use crate::account::typical;
use crate::cookies::sessions;

#[test]
fn a_line_is_the_same_however_it_is_taken() {
    let line = sessions(CookieSettings::default())
        .start(&typical())
        .unwrap();
    assert!(line.as_str().starts_with("__Host-session="));
    assert_eq!(AsRef::<str>::as_ref(&line), line.as_str());
    assert_eq!(String::from(line.clone()), line.as_str());
    #[cfg(feature = "cookie")]
    {
        let parsed = cookie::Cookie::from(line.clone());
        assert_eq!(format!("{}={}", parsed.name(), parsed.value()), line.pair());
        assert_eq!(
            (parsed.secure(), parsed.http_only()),
            (Some(true), Some(true))
        );
    }
    #[cfg(feature = "http")]
    {
        let value = http::HeaderValue::from(line.clone());
        assert_eq!(value, line.as_str());
        assert!(value.is_sensitive());
    }
}

#[cfg(feature = "http")]
#[test]
fn removal_cookies_are_appended_beside_what_is_there() {
    let removal = sessions(CookieSettings::default()).removal_cookies();
    let mut headers = http::HeaderMap::new();
    let other = http::HeaderValue::from_static("theme=dark");
    headers.append(http::header::SET_COOKIE, other);
    removal.clone().append_to(&mut headers);
    let sent: Vec<_> = headers.get_all(http::header::SET_COOKIE).iter().collect();
    assert_eq!(sent[0], "theme=dark");
    let lines: Vec<_> = removal.lines().iter().map(SetCookie::as_str).collect();
    assert_eq!(sent[1..], lines);
}

#[test]
fn a_cookie_says_whether_browsers_keep_it_over_https_alone() {
    let secure = CookieSettings::host("s").build().unwrap();
    assert!(secure.is_secure());
    let plain = CookieSettings::insecure_plain_http("s").build();
    assert!(!plain.unwrap().is_secure());
}
