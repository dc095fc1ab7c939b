use std::sync::Arc;

use prost::Message as _;
use proto::auth::v1::{
    ChangePasswordRequest, GetMeRequest, RegisterRequest, UpdateMeRequest, User,
    account_service_server::AccountService,
};
use tonic::{Request, Response};

use super::{
    error::Error as AccountError,
    metrics, rules,
    store::{self, Update},
    write,
};
use crate::{
    authority::Authority,
    caller::{Reply, caller, write_key},
    error::Error,
    passwords,
};

/// The account service.
pub(crate) struct Accounts(pub(crate) Arc<Authority>);

#[tonic::async_trait]
impl AccountService for Accounts {
    async fn register(&self, request: Request<RegisterRequest>) -> Reply<User> {
        let last_write = write_key(&request, "Register", &[]);
        let RegisterRequest { email, password, name, time_zone } = request.into_inner();
        let minimum = self.0.config.password_minimum;
        let registration =
            rules::registration(&email, &password, name.as_deref(), time_zone.as_deref(), minimum);
        let registered = match registration {
            Ok(registration) => write::register(&self.0, registration, last_write).await,
            Err(violations) => Err(Error::Invalid(violations)),
        };
        metrics::registration(match &registered {
            Ok(_) => "created",
            Err(Error::Account(AccountError::EmailTaken)) => "taken",
            Err(_) => "refused",
        });
        Ok(Response::new(registered?.into()))
    }

    async fn get_me(&self, request: Request<GetMeRequest>) -> Reply<User> {
        let (account, _) = caller(&request)?;
        Ok(Response::new(store::find(&self.0.db, account).await?.into()))
    }

    async fn update_me(&self, request: Request<UpdateMeRequest>) -> Reply<User> {
        let (id, _) = caller(&request)?;
        let last_write = write_key(&request, "UpdateMe", &request.get_ref().encode_to_vec());
        let UpdateMeRequest { update_mask, name, time_zone, if_version } = request.into_inner();
        let account = store::find(&self.0.db, id).await?;
        if last_write.is_some() && account.last_write == last_write {
            return Ok(Response::new(account.into()));
        }
        let paths = update_mask.unwrap_or_default().paths;
        let changes = rules::changes(&paths, name.as_deref(), time_zone.as_deref(), &account.email);
        let changes = changes.map_err(Error::Invalid)?;
        let update = Update { id, changes, if_version, now: self.0.clock.now(), last_write };
        match store::update(&self.0.db, update).await? {
            Some(account) => Ok(Response::new(account.into())),
            None => Err(Error::from(AccountError::VersionMismatch {
                at: store::find(&self.0.db, id).await?.version,
            })
            .into()),
        }
    }

    async fn change_password(&self, request: Request<ChangePasswordRequest>) -> Reply<()> {
        let caller = caller(&request)?;
        let last_write = write_key(&request, "ChangePassword", &[]);
        passwords::write::change(&self.0, caller, request.into_inner(), last_write).await?;
        Ok(Response::new(()))
    }
}
