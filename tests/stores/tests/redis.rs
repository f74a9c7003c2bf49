//! Revocations in Redis, as it is installed.

use std::time::Duration;

use sealed_session::testing::{check_store, check_store_tells};
use sealed_session::{
    Loaded, RedisStore, RefreshError, RevocationStore as _, RevokeError, StoreError, StoreErrorKind,
};
use sealed_session_stores::app::{
    NEVER, Server, a_logout_is_pushed, a_store_that_forgot_is_put_right, eight_writers_lose_nothing,
};
use sealed_session_stores::forwarder::Forwarder;
use sealed_session_stores::process::{free_address, wait_until};
use sealed_session_stores::redis::{Redis, store};

const SOON: Duration = Duration::from_millis(500);

#[test]
fn it_keeps_the_promises_of_a_store() {
    let redis = Redis::start();
    check_store(|| redis.store());
    check_store_tells(|| redis.store(), Duration::from_secs(5));
}

#[test]
fn it_keeps_them_with_a_replica_that_acknowledges() {
    let redis = Redis::start();
    let replica = redis.replica();
    check_store(|| redis.store().replicas(1));
    drop(replica);
    let alone = redis.store().key("another").replicas(1);
    let server = Server::new(alone, NEVER);
    server.revocations.create_store().wait().unwrap();
    // It is tried for 30 seconds.
    let error = server.revocations.revoke_everyone().wait().unwrap_err();
    assert!(
        error
            .to_string()
            .contains("0 replicas have the write, and 1"),
        "{error}"
    );
}

#[test]
fn a_logout_is_pushed_to_all_servers() {
    let redis = Redis::start();
    let (here, there) = (
        Server::ready(redis.store(), NEVER),
        Server::ready(redis.store(), NEVER),
    );
    for user in 0..5 {
        println!(
            "a logout took effect after {:?}",
            a_logout_is_pushed(&here, &there, user)
        );
    }
}

#[test]
fn two_audiences_have_a_key_each() {
    let redis = Redis::start();
    let (one, other) = (redis.store(), redis.store().key("other:revocations"));
    let (one, other) = (Server::ready(one, NEVER), Server::ready(other, NEVER));
    let cookie = one.sign_in(1);
    let before = other.revocations.snapshot().unwrap().clock();
    one.log_out(1);
    other.revocations.refresh().wait().unwrap();
    assert!(one.refuses(&cookie));
    assert_eq!(other.revocations.snapshot().unwrap().clock(), before);
}

#[test]
fn a_connection_that_is_cut_is_made_again_and_logouts_go_on_being_pushed() {
    let redis = Redis::start();
    let network = Forwarder::to(redis.address);
    let here = Server::ready(redis.store(), NEVER);
    let there = Server::ready(store(network.address), NEVER);
    for user in 0..3 {
        network.cut();
        a_logout_is_pushed(&here, &there, user);
    }
}

#[test]
fn a_connection_that_only_looks_alive_is_found_by_the_next_load() {
    let redis = Redis::start();
    let network = Forwarder::to(redis.address);
    let here = Server::ready(redis.store(), NEVER);
    let there = Server::ready(store(network.address), SOON);
    network.hold_up();
    a_logout_is_pushed(&here, &there, 1);
}

#[test]
fn what_was_acknowledged_is_there_after_a_crash() {
    let mut redis = Redis::start();
    let server = Server::ready(redis.store(), SOON);
    let cookie = server.sign_in(19);
    for user in 0..20 {
        server.log_out(user);
    }
    redis.kill();
    wait_until("the server notices", || {
        server.was_told(|event| format!("{event:?}").contains("Failed"))
    });
    redis.go_on();
    let new = Server::new(redis.store(), NEVER);
    new.revocations.refresh().wait().unwrap();
    assert!(new.refuses(&cookie));
    // The one that was there goes on, too.
    a_logout_is_pushed(&new, &server, 30);
    a_logout_is_pushed(&server, &new, 31);
}

/// What the documentation says of a server that keeps nothing on its disk.
#[test]
fn a_server_that_comes_back_empty_is_told_of_and_a_new_store_ends_every_session() {
    let mut redis = Redis::with(&["--appendonly", "no"]);
    let server = Server::ready(redis.store(), SOON);
    let [cookie, bystander] = [1, 2].map(|user| server.sign_in(user));
    server.log_out(1);
    assert!(server.refuses(&cookie) && !server.refuses(&bystander));
    redis.kill();
    redis.go_on();
    wait_until("the server is told", || {
        server.was_told(|event| format!("{event:?}").contains("Lost"))
    });
    let error = server.revocations.refresh().wait().unwrap_err();
    assert!(matches!(error, RefreshError::Lost { .. }), "{error}");
    let clock = server.revocations.snapshot().unwrap().clock();
    assert!(server.revocations.create_store().wait().unwrap() > clock);
    assert!(server.refuses(&cookie) && server.refuses(&bystander));
}

#[test]
fn a_logout_that_a_fail_over_forgot_is_not_forgiven() {
    let redis = Redis::start();
    let replica = redis.replica();
    let network = Forwarder::to(redis.address);
    let server = Server::ready(store(network.address), NEVER);
    let cookie = server.sign_in(1);
    wait_until("the replica has the document", || {
        replica
            .ask(&["EXISTS", "sealed-session:revocations"])
            .trim()
            == "1"
    });
    // It gets nothing more, as when the network between the two has failed.
    replica.ask(&["REPLICAOF", "NO", "ONE"]);
    server.log_out(1);
    network.point_to(replica.address);
    a_store_that_forgot_is_put_right(&server, &cookie, || store(network.address));
}

#[test]
fn while_the_address_leads_to_a_replica_writes_wait_for_the_fail_over() {
    let redis = Redis::start();
    let replica = redis.replica();
    let network = Forwarder::to(redis.address);
    let server = Server::ready(store(network.address), SOON);
    network.point_to(replica.address);
    let logout = server
        .sessions
        .revoke_scope(sealed_session_stores::app::USER, 1);
    std::thread::sleep(Duration::from_millis(300));
    replica.ask(&["REPLICAOF", "NO", "ONE"]);
    logout.wait().unwrap();
}

#[test]
fn eight_writers_of_200_lose_nothing() {
    let redis = Redis::start();
    eight_writers_lose_nothing(|| redis.store());
}

fn refused(store: Result<RedisStore, StoreError>) -> String {
    let error = store.and_then(|store| {
        let error = Server::new(store, NEVER)
            .revocations
            .create_store()
            .wait()
            .unwrap_err();
        match error {
            RevokeError::Store(error) | RevokeError::Refresh(RefreshError::Store(error)) => {
                Err::<(), _>(error)
            }
            error => panic!("{error}"),
        }
    });
    let error = error.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Refused, "{error}");
    format!("{error} {error:?}")
}

#[test]
fn what_only_a_change_of_settings_can_mend_is_told_at_once() {
    let redis = Redis::with(&["--requirepass", "right"]);
    let address = redis.address;
    for url in [
        format!("redis://:wrong-secret@{address}"),
        format!("redis://{address}"),
    ] {
        let text = refused(RedisStore::new(&url));
        assert!(!text.contains("wrong-secret"), "{text}");
    }
    for url in [
        "",
        "shop",
        "http://user:secret@host/",
        "redis://user:secret@",
        "redis://:secret@host:99999/",
    ] {
        let text = refused(RedisStore::new(url));
        assert!(!text.contains("secret"), "{text}");
    }
    let redis = Redis::start();
    redis.ask(&["SET", "taken", "by another"]);
    assert!(refused(Ok(redis.store().key("taken"))).contains("the key holds something else"));
    redis.ask(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]);
    assert!(refused(Ok(redis.store())).contains("evicts any key"));
    redis.ask(&["CONFIG", "SET", "maxmemory-policy", "noeviction"]);
    redis.ask(&["CONFIG", "SET", "maxmemory", "1"]);
    assert!(refused(Ok(redis.store())).contains("OOM"));
}

#[test]
fn a_user_needs_no_more_rights_than_are_documented() {
    let redis = Redis::start();
    let rights = [
        "~sealed-session:*",
        "&sealed-session:*",
        "+hget",
        "+hmget",
        "+hstrlen",
        "+subscribe",
    ];
    let user = |name: &str, more: &[&str]| {
        let mut words = vec!["ACL", "SETUSER", name, "on", ">secret"];
        words.extend(rights);
        words.extend(more);
        redis.ask(&words);
        RedisStore::new(&format!("redis://{name}:secret@{}", redis.address)).unwrap()
    };
    let writer = Server::ready(user("writer", &["+eval", "+hset", "+publish"]), NEVER);
    let reader = Server::new(user("reader", &[]), NEVER);
    reader.revocations.refresh().wait().unwrap();
    a_logout_is_pushed(&writer, &reader, 1);
    // Without the right to ask for replicas, it is written, and that is not hidden.
    let deaf = user("deaf", &["+eval", "+hset", "+publish"]).replicas(1);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let error = runtime.block_on(async {
        let Loaded::Document { version, bytes } = deaf.load(None).await.unwrap() else {
            panic!("there is a document");
        };
        deaf.replace(Some(&version), bytes).await.unwrap_err()
    });
    assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error}");
    // Without the right to tell, nothing is written.
    let mute = Server::new(user("mute", &["+eval", "+hset"]), NEVER);
    mute.revocations.refresh().wait().unwrap();
    let before = mute.revocations.snapshot().unwrap().clock();
    let error = mute.revocations.revoke_everyone().wait().unwrap_err();
    assert!(
        matches!(&error, RevokeError::Store(error) if error.kind() == StoreErrorKind::Refused),
        "{error}"
    );
    mute.revocations.refresh().wait().unwrap();
    assert_eq!(mute.revocations.snapshot().unwrap().clock(), before);
}

#[test]
fn a_server_that_is_not_there_is_told_of_and_found_later() {
    let address = free_address();
    let server = Server::new(store(address), SOON);
    let Err(RefreshError::Store(error)) = server.revocations.refresh().wait() else {
        panic!("nobody listens");
    };
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
}
