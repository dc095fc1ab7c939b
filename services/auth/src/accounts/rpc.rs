use std::sync::Arc;

use kit_rpc::only_validates;
use prost::Message;
use proto::auth::v1::{
    ChangePasswordRequest, CheckPasswordRequest, DeleteMeRequest, GetMeRequest, RegisterRequest,
    UpdateMeRequest, User, account_service_server::AccountService,
};
use tonic::{Request, Response};

use super::{error::Error as AccountError, metrics, rules, store, write};
use crate::{
    authority::Authority,
    caller::{Reply, caller},
    error::Error,
    idempotency::{
        message::{answer, key},
        rules::Key,
    },
    passwords,
};

/// The account service.
pub(crate) struct Accounts(pub(crate) Arc<Authority>);

#[tonic::async_trait]
impl AccountService for Accounts {
    async fn register(&self, request: Request<RegisterRequest>) -> Reply<User> {
        let (key, validating) = (self.key(&request, "Register")?, only_validates(&request));
        let RegisterRequest { email, password, name, time_zone } = request.into_inner();
        let minimum = self.0.config.password_minimum;
        let registration =
            rules::registration(&email, &password, name.as_deref(), time_zone.as_deref(), minimum);
        let registered = match registration {
            Ok(_) if validating => Err(Error::Invalid(vec![])),
            Ok(registration) => write::register(&self.0, registration, key).await,
            Err(violations) => Err(Error::Invalid(violations)),
        };
        metrics::registration(match &registered {
            Ok(_) => "created",
            Err(Error::Account(AccountError::EmailTaken)) => "taken",
            Err(_) => "refused",
        });
        answer(registered?)
    }

    async fn get_me(&self, request: Request<GetMeRequest>) -> Reply<User> {
        let (account, _) = caller(&request)?;
        Ok(Response::new(store::find(&self.0.db, account).await?.into()))
    }

    async fn update_me(&self, request: Request<UpdateMeRequest>) -> Reply<User> {
        let ((id, _), key) = (caller(&request)?, self.key(&request, "UpdateMe")?);
        if only_validates(&request) {
            return Err(write::validate(&self.0.db, id, request.into_inner()).await.into());
        }
        answer(write::update(&self.0, id, request.into_inner(), key).await?)
    }

    async fn change_password(&self, request: Request<ChangePasswordRequest>) -> Reply<()> {
        let (caller, key) = (caller(&request)?, self.key(&request, "ChangePassword")?);
        if only_validates(&request) {
            let request = request.into_inner();
            return Err(passwords::write::validate(&self.0, caller.0, request).await.into());
        }
        answer(passwords::write::change(&self.0, caller, request.into_inner(), key).await?)
    }

    async fn check_password(&self, request: Request<CheckPasswordRequest>) -> Reply<()> {
        let ((id, _), validating) = (caller(&request)?, only_validates(&request));
        passwords::write::confirm(&self.0, id, &request.get_ref().password).await?;
        if validating { Err(Error::Invalid(vec![]).into()) } else { Ok(Response::new(())) }
    }

    /// Its key goes with the account. Who sends it again is told the same, as long as the session is not known to have ended.
    async fn delete_me(&self, request: Request<DeleteMeRequest>) -> Reply<()> {
        let ((id, _), validating) = (caller(&request)?, only_validates(&request));
        let deleted =
            match passwords::write::confirm(&self.0, id, &request.get_ref().password).await {
                Ok(_) if validating => Err(Error::Invalid(vec![])),
                Ok(account) => write::delete(&self.0, account).await,
                Err(error) => Err(error),
            };
        match deleted {
            Ok(()) | Err(Error::Account(AccountError::NotFound)) => Ok(Response::new(())),
            Err(error) => Err(error.into()),
        }
    }
}

impl Accounts {
    /// The idempotency key of a write, which stands for all that the message says.
    fn key<M: Message>(
        &self,
        request: &Request<M>,
        method: &'static str,
    ) -> Result<Option<Key>, Error> {
        key(request, method, &request.get_ref().encode_to_vec(), &self.0.secrets)
    }
}
