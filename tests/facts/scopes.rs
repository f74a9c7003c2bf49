//! Scopes of a value that changes, and of one that was migrated.

use std::time::Duration;

use sealed_session::{
    Epoch, KeyRing, ManualClock, Migration, OldPayload, OpenErrorKind, Revocations, RevokeError,
    ScopeKind, Scopes, SealError, SessionData, Sessions,
};
use serde::{Deserialize, Serialize};

use crate::fixture::{NOW, Setting, at, claims, key, open_with};
use crate::oracle::OracleClaims;

const USER: ScopeKind<u64> = ScopeKind::new("user");
const TEAM: ScopeKind<str> = ScopeKind::new("team");

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Member {
    user: u64,
    teams: Vec<String>,
    theme: u8,
}

impl SessionData for Member {
    const NAME: &'static str = "member";
    const SCHEMA: u32 = 2;

    fn scopes(&self, scopes: &mut Scopes<'_>) {
        scopes.add(USER, self.user);
        for team in &self.teams {
            scopes.add(TEAM, team);
        }
    }

    fn migrate(old: OldPayload<'_>) -> Migration<Self> {
        match old.schema() {
            1 => Ok(Self {
                user: old.decode()?,
                teams: vec!["blue".into()],
                theme: 0,
            }),
            _ => old.unsupported(),
        }
    }
}

fn member(teams: &[&str]) -> Member {
    Member {
        user: 7,
        teams: teams.iter().map(|&team| team.into()).collect(),
        theme: 1,
    }
}

fn sessions(clock: &ManualClock) -> Sessions<Member> {
    let skew = Duration::from_secs(60);
    let revocations = Revocations::in_this_process_with(clock.clone(), skew, Epoch::ZERO).unwrap();
    Sessions::builder("scopes", &KeyRing::from_key(key(1)))
        .clock(clock.clone())
        .revocations(revocations)
        .build()
        .unwrap()
}

#[test]
fn an_update_keeps_every_scope_and_gains_none_in_whatever_order() {
    let clock = ManualClock::new(at(NOW));
    let sessions = sessions(&clock);
    let set = sessions.start(&member(&["red", "blue"])).unwrap();
    let session = sessions.open(set.pair()).unwrap();
    for (teams, same) in [
        (&["red", "blue"][..], true),
        (&["blue", "red"], true),
        (&["blue", "red", "red"], true),
        (&["red"], false),
        (&[], false),
        (&["red", "blue", "green"], false),
        (&["red", "green"], false),
    ] {
        let value = Member {
            theme: 9,
            ..member(teams)
        };
        let updated = sessions.update(&session, &value).map(|_| ());
        let expected = if same {
            Ok(())
        } else {
            Err(SealError::OtherScopes)
        };
        assert_eq!(updated, expected, "{teams:?}");
    }
}

#[test]
fn superseding_may_leave_scopes_and_gains_none() {
    let clock = ManualClock::new(at(NOW));
    let sessions = sessions(&clock);
    for (teams, allowed) in [
        (&["red"][..], true),
        (&[], true),
        (&["red", "blue"], true),
        (&["green"], false),
        (&["red", "blue", "green"], false),
    ] {
        let set = sessions.start(&member(&["red", "blue"])).unwrap();
        let session = sessions.open(set.pair()).unwrap();
        let superseded = sessions.supersede(&session, &member(teams)).wait();
        match superseded {
            Ok(new) => {
                assert!(allowed, "{teams:?}");
                assert_eq!(sessions.open(new.pair()).unwrap().value(), &member(teams));
                let former = sessions.open(set.pair()).unwrap_err();
                assert_eq!(former.kind(), OpenErrorKind::Revoked);
            }
            Err(RevokeError::Seal(SealError::OtherScopes)) => {
                assert!(!allowed, "{teams:?}");
                assert!(sessions.open(set.pair()).is_ok(), "nothing was revoked");
            }
            Err(other) => panic!("{other}"),
        }
    }
}

#[test]
fn the_scopes_of_a_migrated_session_are_asked_too() {
    let setting = Setting::of_test("migrated scopes");
    let codec = setting.codec_of::<Member>();
    let claims = OracleClaims {
        schema: 1,
        ..claims()
    };
    let token = setting.forge_payload(&claims, &[7]);
    let session = open_with(&codec, &token, NOW, b"").unwrap();
    assert_eq!(session.value().teams, ["blue"]);
    for (scope, revoked) in [
        (sealed_session::Scope::new(USER, 7), true),
        (sealed_session::Scope::new(TEAM, "blue"), true),
        (sealed_session::Scope::new(USER, 8), false),
        (sealed_session::Scope::new(TEAM, "red"), false),
    ] {
        let after = Epoch::from_millis(claims.epoch + 1);
        let state =
            sealed_session::RevocationState::from_parts(after, Epoch::ZERO, [(scope, after)]);
        let state = state.unwrap();
        let view = sealed_session::RevocationView::current(&state);
        let context = sealed_session::Context::new(at(NOW), view);
        let kind = codec.open(&token, &context).err().map(|error| error.kind());
        assert_eq!(kind, revoked.then_some(OpenErrorKind::Revoked), "{scope}");
    }
}
