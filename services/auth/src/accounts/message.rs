use proto::auth::v1::User;

use super::row::Account;
use proto::moment;

impl From<Account> for User {
    fn from(account: Account) -> Self {
        let Account {
            id,
            email,
            name,
            time_zone,
            password_hash: _,
            password_set_at: _,
            version,
            created_at,
            updated_at,
            last_login_at: _,
        } = account;
        let (created_at, updated_at) = (Some(moment(created_at)), Some(moment(updated_at)));
        Self { id: id.to_string(), email, name, time_zone, version, created_at, updated_at }
    }
}
