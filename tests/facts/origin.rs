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
    use std::sync::{Arc, Mutex};

    use http::HeaderMap;
    use http::header::{HOST, ORIGIN, REFERER};
    use sealed_session::{Telemetry, TelemetryEvent};

    use super::*;

    #[derive(Default)]
    struct Heard(Mutex<Vec<String>>);

    impl Telemetry for Heard {
        fn record(&self, event: &TelemetryEvent<'_>) {
            let told = match event {
                TelemetryEvent::PlainHttp { cookie_name } => format!("plain HTTP: {cookie_name}"),
                TelemetryEvent::NotLoopback { cookie_name } => {
                    format!("not loopback: {cookie_name}")
                }
                _ => return,
            };
            self.0.lock().unwrap().push(told);
        }
    }

    /// What is told of one request after the other, each with its headers.
    fn told(setting: &'static str, requests: &[&[(http::HeaderName, &str)]]) -> Vec<String> {
        let heard = Arc::new(Heard::default());
        let telemetry = Arc::clone(&heard);
        let sessions = build(|builder| builder.telemetry(telemetry).origin(setting)).unwrap();
        for request in requests {
            let mut headers = HeaderMap::new();
            for (name, value) in *request {
                headers.insert(name, value.parse().unwrap());
            }
            assert!(sessions.open_request(&headers).is_err());
        }
        std::mem::take(&mut *heard.0.lock().unwrap())
    }

    const SHOP: &str = "https://shop.example";

    #[test]
    fn a_site_that_is_reached_over_plain_http_where_its_cookie_does_not_stick_is_told_once() {
        let by_origin: &[_] = &[(HOST, "shop.example"), (ORIGIN, "http://shop.example")];
        let by_referer: &[_] = &[
            (HOST, "192.168.0.7:3000"),
            (REFERER, "HTTP://192.168.0.7:3000/a?b"),
        ];
        let on_loopback: &[_] = &[
            (HOST, "localhost:3000"),
            (REFERER, "http://localhost:3000/"),
        ];
        for request in [by_origin, by_referer, on_loopback] {
            let expected = ["plain HTTP: __Host-session"];
            assert_eq!(told(SHOP, &[request, request, by_origin]), expected);
        }
        // Nothing is wrong with these, and they do not use up the one word.
        let fine: [&[(http::HeaderName, &str)]; 7] = [
            &[],
            &[(HOST, "shop.example")],
            &[(HOST, "shop.example"), (ORIGIN, "https://shop.example")],
            // Another site's page over plain HTTP.
            &[(HOST, "shop.example"), (ORIGIN, "http://evil.example")],
            &[
                (HOST, "shop.example"),
                (REFERER, "http://shop.example.evil.example/"),
            ],
            &[(HOST, "shop.example"), (ORIGIN, "null")],
            &[(ORIGIN, "http://shop.example")],
        ];
        assert!(told(SHOP, &fine).is_empty());
        let requests = [fine.as_slice(), &[by_origin]].concat();
        assert_eq!(told(SHOP, &requests), ["plain HTTP: __Host-session"]);
    }

    #[test]
    fn a_set_up_for_loopback_that_is_reached_at_another_host_is_told_once() {
        for host in [
            "shop.example",
            "192.168.0.7:3000",
            "localhost.shop.example",
            "[::2]:80",
        ] {
            let request: &[_] = &[(HOST, host)];
            let told = told("http://localhost:3000", &[request, request]);
            assert_eq!(told, ["not loopback: session"], "{host}");
        }
        for host in [
            "localhost:3000",
            "LOCALHOST",
            "127.0.0.1:8080",
            "[::1]:3000",
            "a.localhost.",
        ] {
            assert!(
                told("http://localhost:3000", &[&[(HOST, host)]]).is_empty(),
                "{host}"
            );
        }
    }
}
