use std::sync::Arc;

use kit::Violation;
use prost::Message as _;
use proto::auth::v1::{
    ChangePasswordRequest, GetMeRequest, RegisterRequest, UpdateMeRequest, User,
    account_service_server::AccountService,
};
use tonic::{Request, Response};

use super::{Reply, caller, credentials, write_key};
use crate::{
    Error,
    authority::Authority,
    domain::{
        account::{self, Account, AccountId, Registration},
        password,
        throttle::Subject,
    },
    metrics, store,
    store::{
        accounts::{NewPassword, Update},
        attempts::Counter,
    },
};

/// The account service.
pub(super) struct Accounts(pub(super) Arc<Authority>);

#[tonic::async_trait]
impl AccountService for Accounts {
    async fn register(&self, request: Request<RegisterRequest>) -> Reply<User> {
        let last_write = write_key(&request, "Register", &[]);
        let RegisterRequest { email, password, name, time_zone } = request.into_inner();
        let minimum = self.0.config.password_minimum;
        let registration = account::registration(
            &email,
            &password,
            name.as_deref(),
            time_zone.as_deref(),
            minimum,
        );
        let registered = match registration {
            Ok(registration) => register(&self.0, registration, last_write).await,
            Err(violations) => Err(Error::Invalid(violations)),
        };
        metrics::registration(match &registered {
            Ok(_) => "created",
            Err(Error::EmailTaken) => "taken",
            Err(_) => "refused",
        });
        Ok(Response::new(registered?.into()))
    }

    async fn get_me(&self, request: Request<GetMeRequest>) -> Reply<User> {
        let (account, _) = caller(&request)?;
        Ok(Response::new(store::accounts::find(&self.0.db, account).await?.into()))
    }

    async fn update_me(&self, request: Request<UpdateMeRequest>) -> Reply<User> {
        let (id, _) = caller(&request)?;
        let last_write = write_key(&request, "UpdateMe", &request.get_ref().encode_to_vec());
        let UpdateMeRequest { update_mask, name, time_zone, if_version } = request.into_inner();
        let account = store::accounts::find(&self.0.db, id).await?;
        if last_write.is_some() && account.last_write == last_write {
            return Ok(Response::new(account.into()));
        }
        let paths = update_mask.unwrap_or_default().paths;
        let changes =
            account::changes(&paths, name.as_deref(), time_zone.as_deref(), &account.email);
        let changes = changes.map_err(Error::Invalid)?;
        let update = Update { id, changes, if_version, now: self.0.clock.now(), last_write };
        match store::accounts::update(&self.0.db, update).await? {
            Some(account) => Ok(Response::new(account.into())),
            None => Err(Error::VersionMismatch {
                at: store::accounts::find(&self.0.db, id).await?.version,
            }
            .into()),
        }
    }

    async fn change_password(&self, request: Request<ChangePasswordRequest>) -> Reply<()> {
        let (id, session) = caller(&request)?;
        let last_write = write_key(&request, "ChangePassword", &[]);
        let ChangePasswordRequest { current_password, new_password } = request.into_inner();
        let account = store::accounts::find(&self.0.db, id).await?;
        if last_write.is_some() && account.last_write == last_write {
            return Ok(Response::new(()));
        }
        let minimum = self.0.config.password_minimum;
        let new = password::check("new_password", &new_password, &account.email, minimum);
        let new = new.map_err(|fault| Error::Invalid(vec![fault]))?;
        let counters =
            vec![Counter::new(Subject::Change(id.to_string()), &self.0.secrets.attempts)];
        if !credentials::verify(&self.0, &current_password, Some(&account.password_hash), &counters)
            .await?
        {
            tracing::warn!(target: "audit", { account.id = %id }, "a change of the password was refused: the current one was wrong");
            return Err(incorrect().into());
        }
        let new = self.0.hasher.hash(&new).await?;
        let password = NewPassword {
            id,
            verified: account.password_set_at,
            new,
            now: self.0.clock.now(),
            last_write,
        };
        let now = password.now;
        let ended = store::sessions::change_password(&self.0.db, password, session, counters)
            .await?
            .ok_or_else(incorrect)?;
        self.0.revoke(&ended, now);
        tracing::info!(target: "audit", { account.id = %id, sessions.ended = ended.len() }, "a password was changed");
        Ok(Response::new(()))
    }
}

fn incorrect() -> Error {
    Error::Invalid(vec![Violation::new(
        "current_password",
        "INCORRECT",
        "the password that you sign in with now",
    )])
}

async fn register(
    authority: &Authority,
    registration: Registration,
    last_write: Option<Vec<u8>>,
) -> Result<Account, Error> {
    let Registration { email, password, name, time_zone } = registration;
    if let Some(known) = store::accounts::find_by_email(&authority.db, &email).await? {
        return registered_before(authority, known, &password, last_write.as_ref()).await;
    }
    let password_hash = authority.hasher.hash(&password).await?;
    let now = authority.clock.now();
    let account = Account {
        id: AccountId::new(&authority.clock),
        email,
        name,
        time_zone,
        password_hash,
        password_set_at: now,
        version: 1,
        created_at: now,
        updated_at: now,
        last_login_at: None,
        last_write: last_write.clone(),
    };
    match store::accounts::insert(&authority.db, account.clone()).await {
        Ok(()) => {
            tracing::info!(target: "audit", { account.id = %account.id }, "an account was opened");
            Ok(account)
        }
        Err(Error::EmailTaken) => {
            let known = store::accounts::find_by_email(&authority.db, &account.email)
                .await?
                .ok_or(Error::EmailTaken)?;
            registered_before(authority, known, &password, last_write.as_ref()).await
        }
        Err(error) => Err(error),
    }
}

/// The account, when this is the same request again whose answer was lost; else its address is taken. The key alone proves
/// nothing, since a client may choose it.
async fn registered_before(
    authority: &Authority,
    known: Account,
    password: &str,
    last_write: Option<&Vec<u8>>,
) -> Result<Account, Error> {
    let same = last_write.is_some() && known.last_write.as_ref() == last_write;
    if same && authority.hasher.verify(password, Some(&known.password_hash)).await? {
        Ok(known)
    } else {
        Err(Error::EmailTaken)
    }
}
