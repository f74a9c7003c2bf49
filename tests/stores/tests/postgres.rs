//! Revocations in PostgreSQL, as it is installed.

use std::time::Duration;

use sealed_session::testing::{check_store, check_store_tells};
use sealed_session::{
    Loaded, PostgresStore, RefreshError, RevocationStore as _, RevokeError, StoreError,
    StoreErrorKind,
};
use sealed_session_stores::app::{
    NEVER, Server, USER, a_logout_is_pushed, a_store_that_forgot_is_put_right,
    eight_writers_lose_nothing,
};
use sealed_session_stores::forwarder::Forwarder;
use sealed_session_stores::postgres::{Postgres, store};
use sealed_session_stores::process::{run, wait_until};

const SOON: Duration = Duration::from_millis(500);

#[test]
fn it_keeps_the_promises_of_a_store() {
    let postgres = Postgres::start();
    check_store(|| postgres.store());
    check_store_tells(|| postgres.store(), Duration::from_secs(5));
}

#[test]
fn it_keeps_them_where_transactions_are_serializable() {
    let postgres = Postgres::start();
    postgres.ask("ALTER ROLE shop SET default_transaction_isolation = 'serializable'");
    check_store(|| postgres.store());
}

#[test]
fn a_logout_is_pushed_to_all_servers() {
    let postgres = Postgres::start();
    let here = Server::ready(postgres.store(), NEVER);
    let there = Server::ready(postgres.store(), NEVER);
    for user in 0..5 {
        println!(
            "a logout took effect after {:?}",
            a_logout_is_pushed(&here, &there, user)
        );
    }
}

#[test]
fn two_audiences_have_a_row_each() {
    let postgres = Postgres::start();
    let (one, other) = (postgres.store(), postgres.store().name("other"));
    let (one, other) = (Server::ready(one, NEVER), Server::ready(other, NEVER));
    let cookie = one.sign_in(1);
    let before = other.revocations.snapshot().unwrap().clock();
    one.log_out(1);
    other.revocations.refresh().wait().unwrap();
    assert!(one.refuses(&cookie));
    assert_eq!(other.revocations.snapshot().unwrap().clock(), before);
}

#[test]
fn many_servers_that_start_together_make_one_table_and_one_store() {
    let postgres = Postgres::start();
    // PostgreSQL has several answers to those who come second, by chance.
    for _ in 0..10 {
        let clocks: Vec<_> = std::thread::scope(|scope| {
            let start = || {
                scope.spawn(|| {
                    Server::new(postgres.store(), NEVER)
                        .revocations
                        .create_store()
                        .wait()
                        .unwrap()
                })
            };
            let started: Vec<_> = (0..8).map(|_| start()).collect();
            started
                .into_iter()
                .map(|server| server.join().unwrap())
                .collect()
        });
        assert!(clocks.iter().all(|clock| *clock == clocks[0]), "{clocks:?}");
        postgres.ask("DROP TABLE sealed_session_revocations");
    }
}

#[test]
fn a_connection_that_is_cut_is_made_again_and_logouts_go_on_being_pushed() {
    let postgres = Postgres::start();
    let network = Forwarder::to(postgres.address);
    let here = Server::ready(postgres.store(), NEVER);
    let there = Server::ready(store(network.address, "shop"), NEVER);
    for user in 0..3 {
        network.cut();
        a_logout_is_pushed(&here, &there, user);
    }
}

#[test]
fn a_connection_that_only_looks_alive_is_found_by_the_next_load() {
    let postgres = Postgres::start();
    let network = Forwarder::to(postgres.address);
    let here = Server::ready(postgres.store(), NEVER);
    let there = Server::ready(store(network.address, "shop"), SOON);
    network.hold_up();
    a_logout_is_pushed(&here, &there, 1);
}

#[test]
fn what_was_acknowledged_is_there_after_a_crash_also_where_commits_are_not_synchronous() {
    let mut postgres = Postgres::start();
    postgres.ask("ALTER SYSTEM SET synchronous_commit = off");
    postgres.ask("ALTER SYSTEM SET wal_writer_delay = '10s'");
    postgres.ask("SELECT pg_reload_conf()");
    let server = Server::ready(postgres.store(), SOON);
    let cookie = server.sign_in(19);
    for user in 0..20 {
        server.log_out(user);
    }
    postgres.kill();
    wait_until("the server notices", || {
        server.was_told(|event| format!("{event:?}").contains("Failed"))
    });
    postgres.go_on();
    let new = Server::new(postgres.store(), NEVER);
    new.revocations.refresh().wait().unwrap();
    assert!(new.refuses(&cookie));
    // The one that was there goes on, too.
    a_logout_is_pushed(&new, &server, 30);
    a_logout_is_pushed(&server, &new, 31);
}

#[test]
fn a_logout_that_a_fail_over_forgot_is_not_forgiven() {
    let postgres = Postgres::start();
    let network = Forwarder::to(postgres.address);
    let server = Server::ready(store(network.address, "shop"), NEVER);
    let cookie = server.sign_in(1);
    let standby = postgres.standby();
    // It gets nothing more, as when the network between the two has failed.
    standby.promote();
    server.log_out(1);
    network.point_to(standby.address);
    a_store_that_forgot_is_put_right(&server, &cookie, || store(network.address, "shop"));
}

#[test]
fn while_the_address_leads_to_a_standby_writes_wait_for_the_fail_over() {
    let mut postgres = Postgres::start();
    let network = Forwarder::to(postgres.address);
    let server = Server::ready(store(network.address, "shop"), SOON);
    let cookie = server.sign_in(1);
    let standby = postgres.standby();
    let behind = "SELECT count(*) FROM pg_stat_replication WHERE replay_lsn = pg_current_wal_lsn()";
    wait_until("the standby has it all", || {
        postgres.ask(behind).trim() == "1"
    });
    postgres.kill();
    network.point_to(standby.address);
    let logout = server.sessions.revoke_scope(USER, 1);
    std::thread::sleep(Duration::from_millis(300));
    standby.promote();
    logout.wait().unwrap();
    assert!(server.refuses(&cookie));
}

#[test]
fn eight_writers_of_200_lose_nothing() {
    let postgres = Postgres::start();
    eight_writers_lose_nothing(|| postgres.store());
}

/// Each try would hold a connection of the server for as long as the lock is held.
#[test]
fn a_write_that_waits_for_a_lock_is_given_up_with_its_connection() {
    let postgres = Postgres::start();
    let here = Server::ready(postgres.store(), NEVER);
    drop(here);
    let ours = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'sealed-session'";
    wait_until("the first connection has ended", || {
        postgres.ask(ours).trim() == "0"
    });
    std::thread::scope(|scope| {
        let locks = "BEGIN; SELECT FROM sealed_session_revocations FOR UPDATE; SELECT pg_sleep(60)";
        // It ends with an error, when it is terminated.
        scope.spawn(|| postgres.try_ask(locks));
        let sleeps = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
        wait_until("the row is locked", || postgres.ask(sleeps).trim() == "1");
        let store = postgres.store();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        for _ in 0..2 {
            let error = runtime.block_on(async {
                let Loaded::Document { version, .. } = store.load(None).await.unwrap() else {
                    panic!("there is a document");
                };
                store.replace(Some(&version), vec![1]).await.unwrap_err()
            });
            assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error}");
        }
        wait_until("no write waits for the lock", || {
            postgres.ask(ours).trim().parse::<u32>().unwrap() <= 1
        });
        let end =
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
        postgres.ask(end);
    });
}

fn refused(store: Result<PostgresStore, StoreError>) -> String {
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
    let postgres = Postgres::start();
    let address = postgres.address;
    postgres.ask("CREATE DATABASE locked");
    postgres.ask("CREATE ROLE guest LOGIN PASSWORD 'right'");
    for url in [
        format!("postgres://guest:wrong-secret@{address}/locked?sslmode=disable"),
        format!("postgres://guest@{address}/nowhere?sslmode=disable"),
        format!("postgres://nobody@{address}/postgres?sslmode=disable"),
    ] {
        let text = refused(PostgresStore::new(&url));
        assert!(!text.contains("wrong-secret"), "{text}");
    }
    for url in [
        "shop",
        "http://user:secret@host/",
        "postgres://u:secret@host/?sslmode=secret",
        "password=secret x",
    ] {
        let text = refused(PostgresStore::new(url));
        assert!(!text.contains("secret"), "{text}");
    }
    postgres.ask("REVOKE CREATE ON SCHEMA public FROM PUBLIC");
    let text = refused(Ok(store(address, "guest")));
    assert!(
        text.contains("CREATE TABLE IF NOT EXISTS sealed_session_revocations"),
        "{text}"
    );
    let text = refused(PostgresStore::new(&format!(
        "postgres://shop@{address}/postgres?sslmode=require"
    )));
    assert!(text.contains("sslmode=disable does without"), "{text}");
}

/// What its documentation names.
#[test]
fn a_writer_needs_no_more_than_to_read_and_write_the_table() {
    let postgres = Postgres::start();
    let owner = Server::ready(postgres.store(), NEVER);
    postgres.ask("CREATE ROLE writer LOGIN");
    postgres.ask("GRANT SELECT, INSERT, UPDATE ON sealed_session_revocations TO writer");
    let writer = Server::ready(store(postgres.address, "writer"), NEVER);
    a_logout_is_pushed(&writer, &owner, 1);
    postgres.ask("DELETE FROM sealed_session_revocations");
    writer.revocations.create_store().wait().unwrap();
}

#[test]
fn a_reader_needs_no_more_than_to_read() {
    let postgres = Postgres::start();
    let writer = Server::ready(postgres.store(), NEVER);
    postgres.ask("CREATE ROLE reader LOGIN");
    postgres.ask("GRANT SELECT ON sealed_session_revocations TO reader");
    let reader = Server::new(store(postgres.address, "reader"), NEVER);
    reader.revocations.refresh().wait().unwrap();
    a_logout_is_pushed(&writer, &reader, 1);
}

/// Run by the next test, as a process of its own: it is about an environment variable.
#[test]
#[ignore = "run by the one that follows"]
fn loads_over_tls() {
    let url = std::env::var("URL").unwrap();
    let server = Server::new(PostgresStore::new(&url).unwrap(), NEVER);
    server.revocations.create_store().wait().unwrap();
}

#[test]
fn a_server_is_verified_by_its_certificate() {
    let (postgres, certificate) = Postgres::with_tls();
    let port = postgres.address.port();
    for mode in ["prefer", "require", "verify-full"] {
        let url = format!("postgres://shop@127.0.0.1:{port}/postgres?sslmode={mode}");
        let server = Server::new(PostgresStore::new(&url).unwrap(), NEVER);
        let error = server.revocations.refresh().wait().unwrap_err().to_string();
        assert!(
            error.contains("certificate") && error.contains("SSL_CERT_FILE"),
            "{error}"
        );
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("trusted.pem");
        std::fs::write(&file, &certificate).unwrap();
        run(std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "loads_over_tls", "--ignored"])
            .env("SSL_CERT_FILE", file)
            .env("URL", &url));
    }
}
