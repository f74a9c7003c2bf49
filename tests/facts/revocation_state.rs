//! The revocation state itself: its clock, its entries, and what a reader does with it.

use sealed_session::{
    ChangeError, Context, Epoch, OpenErrorKind, RevocationState, RevocationView, Scope, Scopes,
    SealError, SessionData, SessionId,
};
use serde::{Deserialize, Serialize};

use crate::account::typical;
use crate::fixture::{EPOCH, NOW, Setting, at, claims, random};
use crate::oracle::OracleClaims;

fn millis(epoch: u64) -> Epoch {
    Epoch::from_millis(epoch)
}

/// An entry ends what is below it and nothing else, whatever newer entries others have.
#[test]
fn a_token_at_its_own_entrys_epoch_is_alive_beside_a_newer_entry_of_somebody_else() {
    let setting = Setting::default();
    let codec = setting.codec();
    let own = [
        Scope::new("user", typical().user).unwrap(),
        Scope::session(SessionId::from_bytes(*b"8 bytes!")),
    ];
    let somebody = (Scope::new("user", 1).unwrap(), millis(EPOCH + 1000));
    for scope in own {
        let entries = [(scope, millis(EPOCH)), somebody];
        let state = RevocationState::from_parts(millis(EPOCH + 1000), Epoch::ZERO, entries);
        let state = state.unwrap();
        let context = Context::new(at(NOW), RevocationView::current(&state));
        for (epoch, expected) in [
            (EPOCH - 1, Some(OpenErrorKind::Revoked)),
            (EPOCH, None),
            (EPOCH + 1, None),
        ] {
            let token = setting.forge_claims(&OracleClaims { epoch, ..claims() });
            let kind = codec.open(token, &context).err().map(|error| error.kind());
            assert_eq!(kind, expected, "{scope}, epoch {epoch}");
        }
    }
}

#[test]
fn the_clock_steps_over_time_over_itself_and_over_every_epoch_seen() {
    let user = [Scope::new("user", 7).unwrap()];
    let mut state = RevocationState::fixed(millis(5));
    assert_eq!(state.revoke(&user, millis(0), Epoch::ZERO), Ok(millis(6)));
    assert_eq!(state.revoke(&user, millis(0), millis(100)), Ok(millis(101)));
    assert_eq!(
        state.revoke(&user, millis(1000), millis(100)),
        Ok(millis(1000))
    );
    assert_eq!(
        state.revoke(&user, millis(0), Epoch::ZERO),
        Ok(millis(1001))
    );
    assert_eq!(
        state.revoke_everyone(millis(0), Epoch::ZERO),
        Ok(millis(1002))
    );
    assert_eq!((state.clock(), state.floor()), (millis(1002), millis(1002)));
    assert_eq!(state.revoked().count(), 0, "the floor covers them");
    // No room left: an error, and nothing changed.
    let before = state.clone();
    assert_eq!(
        state.revoke(&user, millis(0), millis(u64::MAX)),
        Err(ChangeError::ClockExhausted)
    );
    assert_eq!(
        state.revoke_everyone(millis(0), millis(u64::MAX)),
        Err(ChangeError::ClockExhausted)
    );
    assert_eq!(state, before);
}

#[test]
fn numbers_and_text_name_the_same_scope_as_their_decimal() {
    let scope = |id: &str| Scope::new("user", id).unwrap();
    assert_eq!(Scope::new("user", 0).unwrap(), scope("0"));
    assert_eq!(
        Scope::new("user", u64::MAX).unwrap(),
        scope("18446744073709551615")
    );
    assert_eq!(
        Scope::new("user", i128::MIN).unwrap(),
        scope(&i128::MIN.to_string())
    );
    assert_eq!(Scope::new("user", b"7").unwrap(), scope("7"));
    assert_ne!(
        Scope::new("user", "7").unwrap(),
        Scope::new("tenant", "7").unwrap()
    );
    assert_ne!(Scope::new("use", "r7").unwrap(), scope("7"));
}

#[test]
fn a_state_whose_parts_contradict_each_other_is_refused() {
    let entry = |epoch| [(Scope::new("user", 7).unwrap(), millis(epoch))];
    assert!(RevocationState::from_parts(millis(5), millis(6), []).is_err());
    assert!(RevocationState::from_parts(millis(5), millis(5), entry(6)).is_err());
    let state = RevocationState::from_parts(millis(5), millis(4), entry(5)).unwrap();
    assert_eq!(state.revoked().count(), 1);
    let covered = RevocationState::from_parts(millis(5), millis(5), entry(5)).unwrap();
    assert!(covered.is_empty());
}

#[test]
fn the_kind_session_is_reserved() {
    assert!(Scope::new("session", 7).is_err());
    #[derive(Serialize, Deserialize)]
    struct Confused(u64);
    impl SessionData for Confused {
        const SCHEMA: u32 = 1;
        fn scopes(&self, scopes: &mut Scopes<'_>) {
            scopes.add("user", self.0).add("session", self.0);
        }
    }
    let codec = Setting::default().codec_of::<Confused>();
    let state = RevocationState::fixed(Epoch::ZERO);
    let context = Context::new(at(NOW), RevocationView::current(&state));
    let sealed = codec.start(&Confused(7), &context, random(1));
    assert_eq!(sealed.unwrap_err(), SealError::ReservedScope);
}

#[test]
fn a_stale_state_opens_nothing_and_seals_nothing_but_still_revokes() {
    let codec = Setting::default().codec();
    let token = Setting::default().seal(&typical());
    let kind = |context: &Context<'_>| codec.open(&token, context).unwrap_err().kind();
    let state = RevocationState::fixed(millis(EPOCH));
    let above = RevocationState::fixed(millis(EPOCH + 1));
    let at_now = |view| Context::new(at(NOW), view);
    assert_eq!(
        kind(&at_now(RevocationView::stale(&state))),
        OpenErrorKind::StaleState
    );
    assert_eq!(
        kind(&at_now(RevocationView::stale(&above))),
        OpenErrorKind::Revoked
    );
    assert_eq!(
        kind(&at_now(RevocationView::absent())),
        OpenErrorKind::StaleState
    );
    let fine = at_now(RevocationView::current(&state));
    let session = codec.open(&token, &fine).unwrap();
    for view in [RevocationView::stale(&state), RevocationView::absent()] {
        let context = at_now(view);
        let started = codec.start(&typical(), &context, random(1));
        assert_eq!(started.unwrap_err(), SealError::StaleState);
        let renewed = codec.renew(&session, session.value(), &context, random(1));
        assert_eq!(renewed.unwrap_err(), SealError::StaleState);
    }
}
