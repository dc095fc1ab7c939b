use futures_util::{StreamExt as _, stream::BoxStream};
use proto::auth::v1::{
    ChangePasswordRequest, DeleteMeRequest, GetMeRequest, ListDeletedAccountsRequest,
    ListDeletedAccountsResponse, ListSessionsRequest, ListSessionsResponse, LoginRequest,
    LogoutRequest, RefreshRequest, RegisterRequest, RevokeSessionRequest, Session, TokenSet,
    TrustUpdate, UpdateMeRequest, User, WatchTrustRequest, account_service_server::AccountService,
    session_service_server::SessionService, trust_service_server::TrustService,
};
use tokio_stream::wrappers::BroadcastStream;
use tonic::{Request, Response, Status, async_trait};

use super::Fake;

fn user() -> User {
    let id = "0199a3f2-7c1e-7d20-9f52-0d6f6a1f2b11".to_owned();
    let moment = Some(prost_types::Timestamp { seconds: 1_788_253_200, nanos: 0 });
    let (email, name, time_zone) =
        ("ada@example.org".to_owned(), "Ada".to_owned(), "UTC".to_owned());
    User { id, email, name, time_zone, version: 3, created_at: moment, updated_at: moment }
}

fn tokens(device_token: &str) -> TokenSet {
    let (access_token, refresh_token) = ("a.b.c".to_owned(), "r".repeat(1_200));
    TokenSet { access_token, expires_in: 600, refresh_token, device_token: device_token.to_owned() }
}

#[async_trait]
impl AccountService for Fake {
    async fn register(&self, request: Request<RegisterRequest>) -> Result<Response<User>, Status> {
        self.answer("Register", request, user()).await
    }

    async fn get_me(&self, request: Request<GetMeRequest>) -> Result<Response<User>, Status> {
        self.answer("GetMe", request, user()).await
    }

    async fn update_me(&self, request: Request<UpdateMeRequest>) -> Result<Response<User>, Status> {
        self.answer("UpdateMe", request, user()).await
    }

    async fn change_password(
        &self,
        request: Request<ChangePasswordRequest>,
    ) -> Result<Response<()>, Status> {
        self.answer("ChangePassword", request, ()).await
    }

    async fn delete_me(&self, request: Request<DeleteMeRequest>) -> Result<Response<()>, Status> {
        self.answer("DeleteMe", request, ()).await
    }
}

#[async_trait]
impl SessionService for Fake {
    async fn login(&self, request: Request<LoginRequest>) -> Result<Response<TokenSet>, Status> {
        self.answer("Login", request, tokens("device-1")).await
    }

    async fn refresh(
        &self,
        request: Request<RefreshRequest>,
    ) -> Result<Response<TokenSet>, Status> {
        self.answer("Refresh", request, tokens("")).await
    }

    async fn logout(&self, request: Request<LogoutRequest>) -> Result<Response<()>, Status> {
        self.answer("Logout", request, ()).await
    }

    async fn list_sessions(
        &self,
        request: Request<ListSessionsRequest>,
    ) -> Result<Response<ListSessionsResponse>, Status> {
        let session = Session { id: user().id, current: true, ..Session::default() };
        let page = ListSessionsResponse { sessions: vec![session], next_cursor: String::new() };
        self.answer("ListSessions", request, page).await
    }

    async fn revoke_session(
        &self,
        request: Request<RevokeSessionRequest>,
    ) -> Result<Response<()>, Status> {
        self.answer("RevokeSession", request, ()).await
    }
}

#[async_trait]
impl TrustService for Fake {
    type WatchTrustStream = BoxStream<'static, Result<TrustUpdate, Status>>;

    async fn watch_trust(
        &self,
        _: Request<WatchTrustRequest>,
    ) -> Result<Response<Self::WatchTrustStream>, Status> {
        let later = BroadcastStream::new(self.trust.subscribe())
            .map(|update| update.map_err(|_| Status::unavailable("lagging")));
        Ok(Response::new(
            futures_util::stream::iter([Ok(self.snapshot.clone())]).chain(later).boxed(),
        ))
    }

    async fn list_deleted_accounts(
        &self,
        request: Request<ListDeletedAccountsRequest>,
    ) -> Result<Response<ListDeletedAccountsResponse>, Status> {
        self.answer("ListDeletedAccounts", request, ListDeletedAccountsResponse::default()).await
    }
}
