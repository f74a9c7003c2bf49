//! The site's origin: plain HTTP on loopback alone, and a word to the developer elsewhere.

use sealed_session::{
    BuildError, CookieError, CookieSettings, KeyRing, SameSite, Sessions, SessionsBuilder,
};

use crate::account::{Account, typical};
use crate::fixture::key;

fn build<'a>(
    set: impl FnOnce(SessionsBuilder<'a, Account>) -> SessionsBuilder<'a, Account>,
) -> Result<Sessions<Account>, BuildError> {
    let ring = KeyRing::from_key(key(1));
    let ring = Box::leak(Box::new(ring));
    set(Sessions::builder("shop.example", &*ring)).build()
}

fn line(sessions: &Sessions<Account>) -> String {
    let set = sessions.start(&typical()).unwrap();
    let (name, _) = set.pair().split_once('=').unwrap();
    let attributes = set.as_str().split_once(';').unwrap().1;
    format!("{name};{attributes}")
}

#[test]
fn at_an_https_origin_the_cookie_is_the_strictest() {
    for origin in [
        "https://shop.example",
        "https://shop.example:8443/",
        "https://localhost",
    ] {
        let sessions = build(|builder| builder.origin(origin)).unwrap();
        assert_eq!(
            line(&sessions),
            "__Host-session; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=1800"
        );
    }
}

#[test]
fn over_plain_http_on_loopback_the_cookie_is_one_that_every_client_keeps() {
    for origin in [
        "http://localhost:3000",
        "http://127.0.0.1",
        "http://[::1]:8080",
        "http://a.localhost",
    ] {
        let sessions = build(|builder| builder.origin(origin)).unwrap();
        assert_eq!(
            line(&sessions),
            "session; Path=/; HttpOnly; SameSite=Lax; Max-Age=1800",
            "{origin}"
        );
        let set = sessions.start(&typical()).unwrap();
        assert_eq!(sessions.open(set.pair()).unwrap().value(), &typical());
    }
}

#[test]
fn on_loopback_every_attribute_that_needs_https_or_the_domain_is_left_out_and_no_other() {
    let relaxed = |cookie: CookieSettings| {
        let sessions = build(|builder| builder.origin("http://localhost:3000").cookie(cookie));
        line(&sessions.unwrap())
    };
    let cookie = CookieSettings::secure("s")
        .domain("shop.example")
        .path("/app")
        .same_site(SameSite::None)
        .partitioned()
        .readable_by_scripts()
        .until_browser_closes();
    assert_eq!(relaxed(cookie), "s; Path=/app; SameSite=Lax");
    let strict = CookieSettings::full_name("__Host-Http-a").same_site(SameSite::Strict);
    assert_eq!(
        relaxed(strict),
        "a; Path=/; HttpOnly; SameSite=Strict; Max-Age=1800"
    );
    let bare = CookieSettings::full_name("bare");
    assert_eq!(
        relaxed(bare),
        "bare; Path=/; HttpOnly; SameSite=Lax; Max-Age=1800"
    );
    // What is wrong in production is found in development.
    let wrong = CookieSettings::host("s").domain("shop.example");
    let built = build(|builder| builder.origin("http://localhost:3000").cookie(wrong));
    assert_eq!(
        built.unwrap_err(),
        BuildError::Cookie(CookieError::HostPrefixDomain)
    );
}

#[test]
fn plain_http_elsewhere_and_what_is_no_origin_are_errors_that_say_the_fix() {
    for (origin, error, says) in [
        (
            "http://shop.example",
            CookieError::OriginNotHttps,
            "use https://, or for development",
        ),
        (
            "http://192.168.0.7:3000",
            CookieError::OriginNotHttps,
            "http://localhost",
        ),
        (
            "shop.example",
            CookieError::OriginSyntax,
            "\"https://shop.example\"",
        ),
        (
            "https://shop.example/account",
            CookieError::OriginSyntax,
            "a scheme and a host",
        ),
    ] {
        let built = build(|builder| builder.origin(origin)).unwrap_err();
        assert_eq!(built, BuildError::Cookie(error), "{origin}");
        assert!(built.to_string().contains(says), "{built}");
    }
}

#[test]
fn a_domain_that_the_origin_is_not_within_is_an_error() {
    let build = |origin: &'static str| {
        let cookie = CookieSettings::secure("s").domain("shop.example");
        build(|builder| builder.origin(origin).cookie(cookie)).map(|_| ())
    };
    for origin in [
        "https://shop.example",
        "https://www.shop.example",
        "https://A.B.Shop.example:444",
    ] {
        assert_eq!(build(origin), Ok(()), "{origin}");
    }
    for origin in [
        "https://example",
        "https://myshop.example",
        "https://shop.example.org",
    ] {
        let error = BuildError::Cookie(CookieError::OriginOutsideDomain);
        assert_eq!(build(origin), Err(error), "{origin}");
    }
}

#[cfg(feature = "http")]
mod told {
    use std::sync::Mutex;

    use http::HeaderMap;
    use http::header::ORIGIN;
    use sealed_session::{Telemetry, TelemetryEvent};

    use super::*;

    #[derive(Default)]
    struct Heard(Mutex<Vec<String>>);

    impl Telemetry for Heard {
        fn record(&self, event: &TelemetryEvent<'_>) {
            if let TelemetryEvent::PlainHttp { cookie_name } = event {
                self.0.lock().unwrap().push((*cookie_name).into());
            }
        }
    }

    fn told(origin_setting: Option<&'static str>, header: &[&'static str]) -> Vec<String> {
        let heard = std::sync::Arc::new(Heard::default());
        let telemetry = std::sync::Arc::clone(&heard);
        let sessions = build(|builder| {
            let builder = builder.telemetry(telemetry);
            match origin_setting {
                Some(origin) => builder.origin(origin),
                None => builder,
            }
        })
        .unwrap();
        for origin in header {
            let mut headers = HeaderMap::new();
            headers.insert(ORIGIN, origin.parse().unwrap());
            assert!(sessions.open_request(&headers).is_err());
        }
        assert!(sessions.open_request(&HeaderMap::new()).is_err());
        std::mem::take(&mut *heard.0.lock().unwrap())
    }

    #[test]
    fn a_page_over_plain_http_is_told_once_where_its_cookie_would_not_stick() {
        let plain = ["http://192.168.0.7:3000", "http://localhost:3000"];
        assert_eq!(told(None, &plain), ["__Host-session"]);
        assert_eq!(
            told(Some("https://shop.example"), &["HTTP://shop.example"]),
            ["__Host-session"]
        );
        assert!(told(None, &["https://shop.example", "null"]).is_empty());
        assert!(told(Some("http://localhost:3000"), &plain).is_empty());
    }
}
