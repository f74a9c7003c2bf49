//! Revocations in an object store, over the S3 protocol. Obligation 20.

use std::collections::VecDeque;
use std::time::Duration;

use sealed_session::testing::check_store;
use sealed_session::{
    Key, KeyRing, OpenErrorKind, RefreshError, Revocations, RevokeError, Scope, ScopeKind, Scopes,
    SessionData, Sessions, StoreErrorKind,
};
use sealed_session_stores::s3::{Mischief, PATH, Server};
use serde::{Deserialize, Serialize};

const USER: ScopeKind<u64> = ScopeKind::new("user");

const AUDIENCE: &str = "shop.example";

#[derive(Serialize, Deserialize)]
struct Account {
    user: u64,
}

impl SessionData for Account {
    const NAME: &'static str = "session";
    const SCHEMA: u32 = 1;
    fn scopes(&self, scopes: &mut Scopes<'_>) {
        scopes.add(USER, self.user);
    }
}

fn keys() -> KeyRing {
    KeyRing::from_key(Key::from_bytes(&std::array::from_fn(|i| i as u8)).unwrap())
}

/// Another process: a client, a handle and a trial of its own.
fn process(server: &Server) -> Revocations {
    let store = server.store();
    Revocations::shared(AUDIENCE, &keys(), store)
        .refresh_on_use()
        .build()
        .unwrap()
}

async fn server_with_store() -> (Server, Revocations) {
    let server = Server::start().await;
    let revocations = process(&server);
    revocations.create_store().await.unwrap();
    (server, revocations)
}

fn user(number: u64) -> Scope {
    Scope::new(USER, number)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_keeps_the_promises_of_a_store() {
    let server = Server::start().await;
    // It has a runtime of its own.
    tokio::task::spawn_blocking(move || check_store(|| server.store()))
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_logout_travels_through_the_bucket() {
    let (server, _) = server_with_store().await;
    let sessions = |revocations: &Revocations| {
        Sessions::<Account>::builder(AUDIENCE, &keys())
            .revocations(revocations.clone())
            .build()
            .unwrap()
    };
    let (one, other) = (process(&server), process(&server));
    let (here, there) = (sessions(&one), sessions(&other));
    let sign_in = here.begin_sign_in().await.unwrap();
    let set = sign_in.start(&Account { user: 7 }).unwrap();
    let header = set.as_str().split(';').next().unwrap();
    other.refresh().await.unwrap();
    assert!(there.open(header).is_ok());
    here.revoke_scope(USER, 7).await.unwrap();
    other.refresh().await.unwrap();
    let kind = there.open(header).unwrap_err().kind();
    assert_eq!(kind, OpenErrorKind::Revoked);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_not_changed_is_not_sent_again() {
    let (server, revocations) = server_with_store().await;
    let reader = process(&server);
    for _ in 0..5 {
        reader.refresh().await.unwrap();
    }
    {
        let bucket = server.bucket();
        assert_eq!((bucket.gets, bucket.sent), (5, 1));
    }
    revocations.revoke(&[user(1)]).await.unwrap();
    reader.refresh().await.unwrap();
    assert_eq!(server.bucket().sent, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_writers_at_once_lose_nothing() {
    const WRITERS: u64 = 12;
    const EACH: u64 = 8;
    let (server, _) = server_with_store().await;
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let revocations = process(&server);
            tokio::spawn(async move {
                let mut made = Vec::new();
                for number in 0..EACH {
                    let scope = user(writer * 1000 + number);
                    made.push((scope, revocations.revoke(&[scope]).await.unwrap()));
                }
                made
            })
        })
        .collect();
    let mut made = Vec::new();
    for writer in writers {
        made.extend(writer.await.unwrap());
    }
    let state = process(&server).list().await.unwrap();
    assert_eq!(state.len() as u64, WRITERS * EACH);
    for &(scope, clock) in &made {
        assert_eq!(state.revoked_before(scope), clock, "as it was acknowledged");
    }
    let mut clocks: Vec<_> = made.iter().map(|&(_, clock)| clock).collect();
    clocks.sort_unstable();
    clocks.dedup();
    assert_eq!(
        clocks.len() as u64,
        WRITERS * EACH,
        "each a write of its own"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_a_store_answers_an_acknowledged_revocation_is_kept() {
    use Mischief::*;
    for answers in [
        vec![PreconditionFailed],
        vec![Conflict, Conflict, Conflict],
        vec![Fail],
        vec![Fail, Fail, Fail],
        vec![DoAndFail],
        vec![DoAndFail, DoAndFail, DoAndFail],
        vec![DoAndHang],
        vec![Hang, PreconditionFailed, Conflict],
    ] {
        let (server, revocations) = server_with_store().await;
        revocations.revoke(&[user(1)]).await.unwrap();
        server.bucket().mischief = VecDeque::from(answers.clone());
        let clock = revocations.revoke(&[user(2)]).await;
        let clock = clock.unwrap_or_else(|error| panic!("{answers:?}: {error}"));
        assert!(
            server.bucket().mischief.is_empty(),
            "{answers:?} all happened"
        );
        let state = process(&server).list().await.unwrap();
        assert_eq!(state.revoked_before(user(2)), clock, "{answers:?}");
        assert_eq!(state.len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn loads_that_fail_change_nothing_and_the_next_one_counts() {
    let (server, revocations) = server_with_store().await;
    let reader = process(&server);
    reader.refresh().await.unwrap();
    let before = reader.snapshot();
    revocations.revoke(&[user(1)]).await.unwrap();
    for answer in [Mischief::Fail, Mischief::Hang, Mischief::Forbid] {
        // The client tries again and again, until the call has taken too long.
        server.bucket().load_mischief = VecDeque::from([answer; 30]);
        let error = reader.refresh().await.unwrap_err();
        let RefreshError::Store(error) = error else {
            panic!("{error}");
        };
        let expected = match answer {
            Mischief::Forbid => StoreErrorKind::Refused,
            _ => StoreErrorKind::Unavailable,
        };
        assert_eq!(error.kind(), expected, "{error}");
        assert_eq!(reader.snapshot(), before);
        server.bucket().load_mischief.clear();
    }
    reader.refresh().await.unwrap();
    assert_ne!(reader.snapshot(), before);
}

fn unconditional(result: Result<sealed_session::Epoch, RevokeError>) -> String {
    let Err(RevokeError::Store(error)) = result else {
        panic!("{result:?}");
    };
    assert_eq!(error.kind(), StoreErrorKind::Unconditional);
    error.to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_ignores_conditions_is_refused_before_anything_is_written_to_it() {
    for (set, condition) in [
        (
            (|bucket| bucket.ignores_if_match = true) as fn(&mut sealed_session_stores::s3::Bucket),
            "that the object still has its former version",
        ),
        (
            |bucket| bucket.ignores_if_none_match = true,
            "that there is no such object",
        ),
    ] {
        let (server, _) = server_with_store().await;
        set(&mut server.bucket());
        let before = server.bucket().object(PATH);
        let message = unconditional(process(&server).revoke(&[user(1)]).await);
        assert_eq!(
            message,
            format!(
                "the revocation store does not keep to conditions, and would lose revocations: it \
                 was given the condition {condition}, and wrote all the same"
            )
        );
        assert_eq!(server.bucket().object(PATH), before);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_cannot_do_conditions_is_refused() {
    let (server, _) = server_with_store().await;
    let store = server.store_with(&[("aws_conditional_put", "disabled")]);
    let revocations = Revocations::shared(AUDIENCE, &keys(), store)
        .build()
        .unwrap();
    unconditional(revocations.revoke(&[user(1)]).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_that_is_gone_is_lost_and_not_made_again() {
    let (server, revocations) = server_with_store().await;
    server.bucket().remove(PATH);
    assert!(matches!(
        revocations.refresh().await,
        Err(RefreshError::Lost { .. })
    ));
    let revoke = revocations.revoke(&[user(1)]).await;
    assert!(matches!(
        revoke,
        Err(RevokeError::Refresh(RefreshError::Lost { .. }))
    ));
    assert!(server.bucket().object(PATH).is_none());
    let new = process(&server);
    assert!(matches!(new.refresh().await, Err(RefreshError::NoStore)));
    new.create_store().await.unwrap();
    let clock = new.snapshot().unwrap().clock();
    let again = process(&server).create_store().await;
    assert_eq!(again.unwrap(), clock, "it is there");
    revocations.refresh().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_credentials_are_told_at_once_and_not_tried_again_and_again() {
    let (server, _) = server_with_store().await;
    let store = server.store_with(&[("aws_secret_access_key", "another secret")]);
    let revocations = Revocations::shared(AUDIENCE, &keys(), store)
        .build()
        .unwrap();
    let Err(RefreshError::Store(error)) = revocations.refresh().await else {
        panic!("it must be refused");
    };
    assert_eq!(error.kind(), StoreErrorKind::Refused);
    assert!(!error.to_string().contains("another secret"));
    assert!(!format!("{error:?}").contains("another secret"));
}

#[test]
fn no_runtime_is_needed() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(Server::start());
    process(&server).create_store().wait().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_state_is_kept_fresh_by_itself() {
    let (server, revocations) = server_with_store().await;
    let store = server.store();
    let reader = Revocations::shared(AUDIENCE, &keys(), store)
        .refresh_interval(Duration::from_millis(50))
        .build()
        .unwrap();
    let clock = revocations.revoke(&[user(1)]).await.unwrap();
    while reader.snapshot().is_none_or(|state| state.clock() < clock) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
