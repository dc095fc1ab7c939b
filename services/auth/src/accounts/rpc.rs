use std::sync::Arc;

use kit_rpc::{Services, only_validates};
use prost::Message;
use proto::auth::v1::{
    AccountServicePeer, ChangePasswordRequest, DeleteMeRequest, GetMeRequest, RegisterRequest,
    UpdateMeRequest, User, account_service_server::AccountService,
};
use tonic::{Request, Response, Status};

use super::{error::Error as AccountError, metrics, rules, store, write};
use crate::{
    authority::Authority,
    caller::{Reply, caller, former_caller},
    error::Error,
    idempotency::{
        message::{answer, answered_before, key},
        rules::{Done, Key},
    },
    ids::AccountId,
    passwords,
};

/// The account service.
struct Accounts(Arc<Authority>);

/// Serves it.
pub(crate) fn serve(authority: &Arc<Authority>, services: Services) -> Services {
    AccountServicePeer::serve(services, Accounts(Arc::clone(authority)))
}

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

    /// Its key outlives the account: who sends it again, through a session that has gone with the account, is told the same.
    async fn delete_me(&self, request: Request<DeleteMeRequest>) -> Reply<()> {
        let password = &request.get_ref().password;
        let key = self.key(&request, "DeleteMe")?;
        let (id, refusal) = match caller(&request) {
            Ok((id, _)) => match self.delete(id, password, key.clone(), &request).await {
                Err(gone @ Error::Account(AccountError::NotFound)) => (id, gone.into()),
                outcome => return answer(outcome?),
            },
            Err(refusal) => match former_caller(&request, &self.0.trust.verifier) {
                Some((id, _)) => (id, refusal),
                None => return Err(refusal),
            },
        };
        answered_before(&self.0.db, id, key, refusal).await
    }
}

impl Accounts {
    async fn delete<T>(
        &self,
        id: AccountId,
        password: &str,
        key: Option<Key>,
        request: &Request<T>,
    ) -> Result<Done<()>, Error> {
        let account = passwords::write::confirm(&self.0, id, password).await?;
        if only_validates(request) {
            return Err(Error::Invalid(vec![]));
        }
        write::delete(&self.0, account, key).await
    }

    /// The idempotency key of a write, which stands for all that the message says.
    fn key<M: Message>(
        &self,
        request: &Request<M>,
        method: &'static str,
    ) -> Result<Option<Key>, Status> {
        key(request, method, || request.get_ref().encode_to_vec(), &self.0.secrets)
    }
}
