//! What names what.
kit_db::id!(AccountId, "Names an account.");
kit_db::id!(SessionId, "Names a session.");
