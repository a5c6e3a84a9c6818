CREATE TABLE app_states (
	tenant_id VARCHAR NOT NULL,
	enrollment_id VARCHAR NOT NULL,
	app_id VARCHAR NOT NULL,
	identifier VARCHAR NOT NULL,
	intent VARCHAR NOT NULL,
	state VARCHAR NOT NULL,
	error_code INTEGER,
	reason VARCHAR,
	version VARCHAR,
	changed_at VARCHAR NOT NULL,
	position INTEGER,
	content VARCHAR,
	attempted VARCHAR,
	attempts INTEGER DEFAULT '0' NOT NULL,
	CONSTRAINT pk_app_states PRIMARY KEY (enrollment_id, app_id)
);

CREATE INDEX ix_app_states_app ON app_states (tenant_id, app_id);

CREATE TABLE applications (
	tenant_id VARCHAR NOT NULL,
	client_id VARCHAR NOT NULL,
	name VARCHAR NOT NULL,
	secret VARCHAR,
	secret_digest VARCHAR,
	certificate BLOB,
	roles JSON NOT NULL,
	consented_scopes JSON NOT NULL,
	redirect_uris JSON NOT NULL,
	created_at VARCHAR NOT NULL,
	registration JSON DEFAULT '{}' NOT NULL,
	CONSTRAINT pk_applications PRIMARY KEY (tenant_id, client_id)
);

CREATE TABLE assignment_filters (
	tenant_id VARCHAR NOT NULL,
	id VARCHAR NOT NULL,
	created_at VARCHAR NOT NULL,
	document JSON NOT NULL,
	CONSTRAINT pk_assignment_filters PRIMARY KEY (tenant_id, id)
);

CREATE TABLE assignments (
	tenant_id VARCHAR NOT NULL,
	id VARCHAR NOT NULL,
	profile_id VARCHAR NOT NULL,
	position INTEGER NOT NULL,
	kind VARCHAR NOT NULL,
	group_id VARCHAR,
	intent VARCHAR,
	filter_id VARCHAR,
	filter_type VARCHAR,
	document JSON NOT NULL,
	CONSTRAINT pk_assignments PRIMARY KEY (tenant_id, id)
);

CREATE INDEX ix_assignments_filter ON assignments (tenant_id, filter_id);

CREATE INDEX ix_assignments_group ON assignments (tenant_id, group_id);

CREATE INDEX ix_assignments_profile ON assignments (tenant_id, profile_id);

CREATE TABLE audit_events (
	tenant_id VARCHAR NOT NULL,
	id VARCHAR NOT NULL,
	number INTEGER NOT NULL,
	activity_at VARCHAR NOT NULL,
	component VARCHAR NOT NULL,
	document JSON NOT NULL,
	CONSTRAINT pk_audit_events PRIMARY KEY (tenant_id, id)
);

CREATE INDEX ix_audit_events_component ON audit_events (tenant_id, component, activity_at, number);

CREATE INDEX ix_audit_events_number ON audit_events (tenant_id, number);

CREATE INDEX ix_audit_events_time ON audit_events (tenant_id, activity_at, number);

CREATE TABLE authorities (
	tenant_id VARCHAR NOT NULL,
	name VARCHAR NOT NULL,
	role VARCHAR NOT NULL,
	generation INTEGER NOT NULL,
	state VARCHAR NOT NULL,
	certificate BLOB NOT NULL,
	key_name VARCHAR NOT NULL,
	crl_number INTEGER NOT NULL,
	crl BLOB,
	crl_next_update VARCHAR,
	responder_certificate BLOB,
	responder_key_name VARCHAR,
	CONSTRAINT pk_authorities PRIMARY KEY (tenant_id, name)
);

CREATE TABLE certificates (
	tenant_id VARCHAR NOT NULL,
	authority VARCHAR NOT NULL,
	serial VARCHAR NOT NULL,
	thumbprint VARCHAR NOT NULL,
	certificate BLOB NOT NULL,
	template VARCHAR,
	subject VARCHAR NOT NULL,
	issuer VARCHAR,
	key_usage JSON NOT NULL,
	extended_key_usages VARCHAR,
	key_length INTEGER,
	user_id VARCHAR,
	enrollment_id VARCHAR,
	item_key VARCHAR,
	profile_id VARCHAR,
	not_before VARCHAR NOT NULL,
	not_after VARCHAR NOT NULL,
	revoked_at VARCHAR,
	reason VARCHAR,
	revocation_state VARCHAR,
	revocation_asked_at VARCHAR,
	CONSTRAINT pk_certificates PRIMARY KEY (tenant_id, authority, serial)
);

CREATE INDEX ix_certificates_asked ON certificates (tenant_id, revocation_state, revocation_asked_at) WHERE revocation_state IS NOT NULL;

CREATE INDEX ix_certificates_enrollment_id ON certificates (enrollment_id);

CREATE INDEX ix_certificates_newest ON certificates (tenant_id, not_before, serial, authority, not_after, template, revoked_at, reason, revocation_state);

CREATE INDEX ix_certificates_revoked ON certificates (tenant_id, authority, revoked_at) WHERE revoked_at IS NOT NULL;

CREATE INDEX ix_certificates_serial ON certificates (tenant_id, serial, authority);

CREATE INDEX ix_certificates_thumbprint ON certificates (tenant_id, thumbprint);

CREATE INDEX ix_certificates_user ON certificates (tenant_id, user_id, not_before, serial);

CREATE TABLE compliance_states (
	enrollment_id VARCHAR NOT NULL,
	policy_id VARCHAR NOT NULL,
	tenant_id VARCHAR NOT NULL,
	status VARCHAR NOT NULL,
	version INTEGER NOT NULL,
	user_id VARCHAR,
	failed_at VARCHAR,
	error_at VARCHAR,
	grace_ends_at VARCHAR NOT NULL,
	reported_at VARCHAR NOT NULL,
	done JSON NOT NULL,
	settings JSON NOT NULL,
	CONSTRAINT pk_compliance_states PRIMARY KEY (enrollment_id, policy_id)
);

CREATE INDEX ix_compliance_states_policy ON compliance_states (tenant_id, policy_id, enrollment_id);

CREATE TABLE connector_events (
	tenant_id VARCHAR NOT NULL,
	number INTEGER NOT NULL,
	event_id INTEGER NOT NULL,
	name VARCHAR NOT NULL,
	time VARCHAR NOT NULL,
	connector_id VARCHAR NOT NULL,
	connector VARCHAR NOT NULL,
	device VARCHAR,
	user VARCHAR,
	diagnostic_code VARCHAR,
	detail JSON NOT NULL,
	CONSTRAINT pk_connector_events PRIMARY KEY (tenant_id, number)
);

CREATE INDEX ix_connector_events_connector ON connector_events (tenant_id, connector_id, number, event_id);

CREATE INDEX ix_connector_events_device ON connector_events (tenant_id, device, number);

CREATE TABLE connector_keys (
	tenant_id VARCHAR NOT NULL,
	connector_id VARCHAR NOT NULL,
	provider VARCHAR NOT NULL,
	key_name VARCHAR NOT NULL,
	key_length INTEGER NOT NULL,
	public_key BLOB NOT NULL,
	file VARCHAR NOT NULL,
	CONSTRAINT pk_connector_keys PRIMARY KEY (tenant_id, connector_id, provider, key_name)
);

CREATE TABLE connector_requests (
	id VARCHAR NOT NULL,
	tenant_id VARCHAR NOT NULL,
	enrollment_id VARCHAR NOT NULL,
	item_key VARCHAR NOT NULL,
	fingerprint VARCHAR NOT NULL,
	role VARCHAR NOT NULL,
	only_by VARCHAR,
	leased_by VARCHAR,
	leased_until VARCHAR,
	answered_by VARCHAR,
	"order" JSON NOT NULL,
	state VARCHAR NOT NULL,
	sealed BLOB,
	pfx BLOB,
	kept_password BLOB,
	serial VARCHAR,
	error_code INTEGER,
	message VARCHAR,
	created_at VARCHAR NOT NULL,
	answered_at VARCHAR,
	CONSTRAINT pk_connector_requests PRIMARY KEY (id),
	CONSTRAINT uq_connector_requests_enrollment_id_item_key_fingerprint UNIQUE (enrollment_id, item_key, fingerprint)
);

CREATE INDEX ix_connector_requests_state ON connector_requests (tenant_id, state);

CREATE TABLE connectors (
	tenant_id VARCHAR NOT NULL,
	id VARCHAR NOT NULL,
	name VARCHAR NOT NULL,
	program VARCHAR NOT NULL,
	version VARCHAR,
	state VARCHAR NOT NULL,
	mode VARCHAR NOT NULL,
	roles JSON NOT NULL,
	created_at VARCHAR NOT NULL,
	offline_since VARCHAR,
	ra_certificate BLOB,
	credential_digest VARCHAR,
	machine VARCHAR,
	session VARCHAR,
	contact_at VARCHAR,
	CONSTRAINT pk_connectors PRIMARY KEY (tenant_id, id),
	CONSTRAINT uq_connectors_credential_digest UNIQUE (credential_digest)
);

CREATE TABLE device_actions (
	id VARCHAR NOT NULL,
	tenant_id VARCHAR NOT NULL,
	enrollment_id VARCHAR NOT NULL,
	action VARCHAR NOT NULL,
	state VARCHAR NOT NULL,
	details JSON,
	created_at VARCHAR NOT NULL,
	completed_at VARCHAR,
	CONSTRAINT pk_device_actions PRIMARY KEY (id)
);

CREATE INDEX ix_device_actions_enrollment_id ON device_actions (enrollment_id);

CREATE INDEX ix_device_actions_tenant ON device_actions (tenant_id, enrollment_id);

CREATE TABLE device_categories (
	tenant_id VARCHAR NOT NULL,
	id VARCHAR NOT NULL,
	display_name VARCHAR NOT NULL,
	created_at VARCHAR NOT NULL,
	document JSON NOT NULL,
	CONSTRAINT pk_device_categories PRIMARY KEY (tenant_id, id)
);

CREATE TABLE device_compliance (
	enrollment_id VARCHAR NOT NULL,
	tenant_id VARCHAR NOT NULL,
	state VARCHAR NOT NULL,
	held VARCHAR,
	judged_at VARCHAR NOT NULL,
	due_at VARCHAR NOT NULL,
	retire_policy_id VARCHAR,
	retire_listed_at VARCHAR,
	CONSTRAINT pk_device_compliance PRIMARY KEY (enrollment_id)
);

CREATE INDEX ix_device_compliance_due ON device_compliance (tenant_id, due_at);

CREATE TABLE device_identities (
	digest VARCHAR NOT NULL,
	tenant_id VARCHAR NOT NULL,
	user_id VARCHAR NOT NULL,
	certificate BLOB NOT NULL,
	hardware_key VARCHAR,
	facts JSON,
	CONSTRAINT pk_device_identities PRIMARY KEY (digest)
);

CREATE INDEX ix_device_identities_tenant ON device_identities (tenant_id);

CREATE TABLE directory_changes (
	tenant_id VARCHAR NOT NULL,
	seq INTEGER NOT NULL,
	kind VARCHAR NOT NULL,
	object_id VARCHAR NOT NULL,
	change VARCHAR NOT NULL,
	names JSON,
	member_id VARCHAR,
	member_kind VARCHAR,
	at VARCHAR NOT NULL,
	CONSTRAINT pk_directory_changes PRIMARY KEY (tenant_id, seq)
);

CREATE TABLE directory_devices (
	tenant_id VARCHAR NOT NULL,
	id VARCHAR NOT NULL,
	enrollment_id VARCHAR,
	device_key VARCHAR,
	created_at VARCHAR NOT NULL,
	document JSON NOT NULL,
	CONSTRAINT pk_directory_devices PRIMARY KEY (tenant_id, id),
	CONSTRAINT uq_directory_devices_tenant_id_device_key UNIQUE (tenant_id, device_key)
);

CREATE INDEX ix_directory_devices_enrollment_id ON directory_devices (enrollment_id);

CREATE TABLE directory_tracking (
	tenant_id VARCHAR NOT NULL,
	epoch VARCHAR NOT NULL,
	seq INTEGER NOT NULL,
	CONSTRAINT pk_directory_tracking PRIMARY KEY (tenant_id)
);

CREATE TABLE enrollment_tokens (
	digest VARCHAR NOT NULL,
	tenant_id VARCHAR NOT NULL,
	user_id VARCHAR NOT NULL,
	expires_at VARCHAR NOT NULL,
	uses_left INTEGER NOT NULL,
	CONSTRAINT pk_enrollment_tokens PRIMARY KEY (digest)
);

CREATE INDEX ix_enrollment_tokens_tenant ON enrollment_tokens (tenant_id);

CREATE TABLE enrollments (
	id VARCHAR NOT NULL,
	tenant_id VARCHAR NOT NULL,
	platform VARCHAR NOT NULL,
	mode VARCHAR,
	variant VARCHAR NOT NULL,
	user_id VARCHAR,
	hardware_key VARCHAR NOT NULL,
	directory_device_id VARCHAR NOT NULL,
	state VARCHAR NOT NULL,
	cause VARCHAR,
	credential_digest VARCHAR,
	push_token VARCHAR NOT NULL,
	identity_certificate BLOB NOT NULL,
	enrolled_at VARCHAR NOT NULL,
	last_checkin_at VARCHAR,
	generation INTEGER NOT NULL,
	settled_generation INTEGER NOT NULL,
	due_at VARCHAR NOT NULL,
	report_digest VARCHAR,
	policy_version INTEGER NOT NULL,
	plans INTEGER NOT NULL,
	facts JSON NOT NULL,
	inventory_at VARCHAR,
	wire_state JSON,
	CONSTRAINT pk_enrollments PRIMARY KEY (id),
	CONSTRAINT uq_enrollments_credential_digest UNIQUE (credential_digest)
);

CREATE INDEX ix_enrollments_directory_device ON enrollments (tenant_id, directory_device_id);

CREATE INDEX ix_enrollments_hardware ON enrollments (tenant_id, hardware_key);

CREATE INDEX ix_enrollments_push_token ON enrollments (push_token);

CREATE INDEX ix_enrollments_user ON enrollments (tenant_id, user_id);

CREATE TABLE escrowed_secrets (
	tenant_id VARCHAR NOT NULL,
	id VARCHAR NOT NULL,
	enrollment_id VARCHAR NOT NULL,
	directory_device_id VARCHAR NOT NULL,
	kind VARCHAR NOT NULL,
	details JSON NOT NULL,
	sealed BLOB NOT NULL,
	created_at VARCHAR NOT NULL,
	CONSTRAINT pk_escrowed_secrets PRIMARY KEY (tenant_id, id)
);

CREATE INDEX ix_escrowed_secrets_device ON escrowed_secrets (tenant_id, directory_device_id, kind);

CREATE TABLE fault_rules (
	tenant_id VARCHAR NOT NULL,
	id VARCHAR NOT NULL,
	number INTEGER NOT NULL,
	name VARCHAR,
	document JSON NOT NULL,
	enabled BOOLEAN NOT NULL,
	matched INTEGER NOT NULL,
	hits INTEGER NOT NULL,
	last_hit_at VARCHAR,
	created_at VARCHAR NOT NULL,
	CONSTRAINT pk_fault_rules PRIMARY KEY (tenant_id, id)
);

CREATE TABLE group_members (
	tenant_id VARCHAR NOT NULL,
	group_id VARCHAR NOT NULL,
	member_id VARCHAR NOT NULL,
	kind VARCHAR NOT NULL,
	CONSTRAINT pk_group_members PRIMARY KEY (tenant_id, group_id, member_id)
);

CREATE INDEX ix_group_members_member ON group_members (tenant_id, member_id, group_id);

CREATE TABLE group_owners (
	tenant_id VARCHAR NOT NULL,
	group_id VARCHAR NOT NULL,
	owner_id VARCHAR NOT NULL,
	CONSTRAINT pk_group_owners PRIMARY KEY (tenant_id, group_id, owner_id)
);

CREATE INDEX ix_group_owners_owner ON group_owners (tenant_id, owner_id);

CREATE TABLE groups (
	tenant_id VARCHAR NOT NULL,
	id VARCHAR NOT NULL,
	created_at VARCHAR NOT NULL,
	document JSON NOT NULL,
	CONSTRAINT pk_groups PRIMARY KEY (tenant_id, id)
);

CREATE TABLE journal (
	tenant_id VARCHAR NOT NULL,
	seq INTEGER NOT NULL,
	time VARCHAR NOT NULL,
	type VARCHAR NOT NULL,
	user VARCHAR,
	device VARCHAR,
	profile VARCHAR,
	certificate JSON,
	detail JSON NOT NULL,
	CONSTRAINT pk_journal PRIMARY KEY (tenant_id, seq)
);

CREATE INDEX ix_journal_device ON journal (tenant_id, device, seq);

CREATE TABLE key_holdings (
	enrollment_id VARCHAR NOT NULL,
	item_key VARCHAR NOT NULL,
	thumbprint VARCHAR NOT NULL,
	since_number INTEGER NOT NULL,
	since VARCHAR NOT NULL,
	tenant_id VARCHAR NOT NULL,
	until_number INTEGER,
	until VARCHAR,
	cause VARCHAR,
	issuer_and_serial VARCHAR NOT NULL,
	key_id VARCHAR,
	CONSTRAINT pk_key_holdings PRIMARY KEY (enrollment_id, item_key, thumbprint, since_number)
);

CREATE INDEX ix_key_holdings_key_id ON key_holdings (tenant_id, key_id);

CREATE INDEX ix_key_holdings_recipient ON key_holdings (tenant_id, issuer_and_serial);

CREATE TABLE lab_runs (
	tenant_id VARCHAR NOT NULL,
	lab VARCHAR NOT NULL,
	started_at VARCHAR NOT NULL,
	number INTEGER NOT NULL,
	progress JSON NOT NULL,
	materials JSON NOT NULL,
	CONSTRAINT pk_lab_runs PRIMARY KEY (tenant_id, lab)
);

CREATE TABLE ledger (
	enrollment_id VARCHAR NOT NULL,
	item_key VARCHAR NOT NULL,
	tenant_id VARCHAR NOT NULL,
	source VARCHAR NOT NULL,
	state VARCHAR NOT NULL,
	fingerprint VARCHAR,
	installed_fingerprint VARCHAR,
	user_id VARCHAR,
	purpose VARCHAR,
	thumbprint VARCHAR,
	serial VARCHAR,
	renew_at VARCHAR,
	not_after VARCHAR,
	wanted_by JSON NOT NULL,
	error_code INTEGER,
	message VARCHAR,
	payload BLOB,
	changed_at VARCHAR NOT NULL,
	CONSTRAINT pk_ledger PRIMARY KEY (enrollment_id, item_key)
);

CREATE INDEX ix_ledger_failed ON ledger (tenant_id, enrollment_id) WHERE state = 'failed';

CREATE INDEX ix_ledger_tenant ON ledger (tenant_id, enrollment_id);

CREATE INDEX ix_ledger_thumbprint ON ledger (thumbprint);

CREATE TABLE mail_messages (
	tenant_id VARCHAR NOT NULL,
	id VARCHAR NOT NULL,
	received_at VARCHAR NOT NULL,
	envelope_sender VARCHAR NOT NULL,
	size INTEGER NOT NULL,
	document JSON NOT NULL,
	raw BLOB NOT NULL,
	CONSTRAINT pk_mail_messages PRIMARY KEY (tenant_id, id)
);

CREATE TABLE mail_recipients (
	tenant_id VARCHAR NOT NULL,
	name VARCHAR NOT NULL,
	message_id VARCHAR NOT NULL,
	CONSTRAINT pk_mail_recipients PRIMARY KEY (tenant_id, name, message_id)
);

CREATE INDEX ix_mail_recipients_message ON mail_recipients (tenant_id, message_id);

CREATE TABLE mailbox_entries (
	tenant_id VARCHAR NOT NULL,
	user_id VARCHAR NOT NULL,
	uid INTEGER NOT NULL,
	message_id VARCHAR NOT NULL,
	size INTEGER NOT NULL,
	seen BOOLEAN NOT NULL,
	CONSTRAINT pk_mailbox_entries PRIMARY KEY (tenant_id, user_id, uid)
);

CREATE INDEX ix_mailbox_entries_message ON mailbox_entries (tenant_id, message_id);

CREATE TABLE managed_devices (
	tenant_id VARCHAR NOT NULL,
	id VARCHAR NOT NULL,
	enrollment_id VARCHAR NOT NULL,
	user_id VARCHAR,
	category_id VARCHAR,
	document JSON NOT NULL,
	device_name VARCHAR,
	operating_system VARCHAR,
	compliance_state VARCHAR,
	management_agent VARCHAR,
	owner_type VARCHAR,
	user_principal_name VARCHAR,
	serial_number VARCHAR,
	azure_ad_device_id VARCHAR,
	enrolled_at VARCHAR,
	CONSTRAINT pk_managed_devices PRIMARY KEY (tenant_id, id),
	CONSTRAINT uq_managed_devices_enrollment_id UNIQUE (enrollment_id)
);

CREATE INDEX ix_managed_devices_agent ON managed_devices (tenant_id, management_agent, enrolled_at, id);

CREATE INDEX ix_managed_devices_azure_ad ON managed_devices (tenant_id, azure_ad_device_id);

CREATE INDEX ix_managed_devices_category ON managed_devices (tenant_id, category_id);

CREATE INDEX ix_managed_devices_compliance ON managed_devices (tenant_id, compliance_state, enrolled_at, id);

CREATE INDEX ix_managed_devices_name ON managed_devices (tenant_id, device_name, enrollment_id, user_principal_name);

CREATE INDEX ix_managed_devices_operating_system ON managed_devices (tenant_id, operating_system, enrolled_at, id);

CREATE INDEX ix_managed_devices_order ON managed_devices (tenant_id, enrolled_at, id);

CREATE INDEX ix_managed_devices_owner ON managed_devices (tenant_id, owner_type, enrolled_at, id);

CREATE INDEX ix_managed_devices_serial ON managed_devices (tenant_id, serial_number);

CREATE INDEX ix_managed_devices_upn ON managed_devices (tenant_id, user_principal_name, enrolled_at, id);

CREATE INDEX ix_managed_devices_user ON managed_devices (tenant_id, user_id, enrolled_at, id);

CREATE TABLE notifications (
	tenant_id VARCHAR NOT NULL,
	id VARCHAR NOT NULL,
	subscription_id VARCHAR NOT NULL,
	url VARCHAR NOT NULL,
	created_at VARCHAR NOT NULL,
	place INTEGER NOT NULL,
	size INTEGER NOT NULL,
	document JSON NOT NULL,
	CONSTRAINT pk_notifications PRIMARY KEY (tenant_id, id)
);

CREATE INDEX ix_notifications_oldest ON notifications (tenant_id, created_at, place);

CREATE TABLE partner_revocations (
	tenant_id VARCHAR NOT NULL,
	id VARCHAR NOT NULL,
	serial VARCHAR NOT NULL,
	issuer VARCHAR NOT NULL,
	ca_configuration VARCHAR,
	created_at VARCHAR NOT NULL,
	leased_until VARCHAR,
	state VARCHAR NOT NULL,
	error_code VARCHAR,
	error_message VARCHAR,
	CONSTRAINT pk_partner_revocations PRIMARY KEY (tenant_id, id)
);

CREATE INDEX ix_partner_revocations_state ON partner_revocations (tenant_id, state, created_at, id);

CREATE TABLE pfx_certificates (
	tenant_id VARCHAR NOT NULL,
	user_id VARCHAR NOT NULL,
	thumbprint VARCHAR NOT NULL,
	purpose VARCHAR NOT NULL,
	provider VARCHAR NOT NULL,
	key_name VARCHAR NOT NULL,
	padding VARCHAR NOT NULL,
	encrypted_password BLOB NOT NULL,
	pfx BLOB NOT NULL,
	fingerprint VARCHAR NOT NULL,
	verified BOOLEAN NOT NULL,
	certificate BLOB,
	not_after VARCHAR,
	document JSON NOT NULL,
	CONSTRAINT pk_pfx_certificates PRIMARY KEY (tenant_id, user_id, thumbprint)
);

CREATE TABLE process_messages (
	id VARCHAR NOT NULL,
	question VARCHAR NOT NULL,
	content BLOB NOT NULL,
	sent_at VARCHAR NOT NULL,
	CONSTRAINT pk_process_messages PRIMARY KEY (id)
);

CREATE INDEX ix_process_messages_question ON process_messages (question);

CREATE TABLE profile_states (
	enrollment_id VARCHAR NOT NULL,
	profile_id VARCHAR NOT NULL,
	tenant_id VARCHAR NOT NULL,
	status VARCHAR NOT NULL,
	error_code INTEGER,
	message VARCHAR,
	version INTEGER NOT NULL,
	reported_at VARCHAR NOT NULL,
	CONSTRAINT pk_profile_states PRIMARY KEY (enrollment_id, profile_id)
);

CREATE INDEX ix_profile_states_profile ON profile_states (tenant_id, profile_id, status, enrollment_id);

CREATE TABLE profiles (
	tenant_id VARCHAR NOT NULL,
	id VARCHAR NOT NULL,
	kind VARCHAR NOT NULL,
	version INTEGER NOT NULL,
	created_at VARCHAR NOT NULL,
	document JSON NOT NULL,
	navigations JSON NOT NULL,
	CONSTRAINT pk_profiles PRIMARY KEY (tenant_id, id)
);

CREATE INDEX ix_profiles_oldest ON profiles (tenant_id, created_at, id);

CREATE TABLE published_certificates (
	tenant_id VARCHAR NOT NULL,
	address VARCHAR NOT NULL,
	thumbprint VARCHAR NOT NULL,
	certificate BLOB NOT NULL,
	published_at VARCHAR NOT NULL,
	CONSTRAINT pk_published_certificates PRIMARY KEY (tenant_id, address, thumbprint)
);

CREATE TABLE ra_certificates (
	tenant_id VARCHAR NOT NULL,
	connector_id VARCHAR NOT NULL,
	purpose VARCHAR NOT NULL,
	certificate BLOB NOT NULL,
	file VARCHAR NOT NULL,
	CONSTRAINT pk_ra_certificates PRIMARY KEY (tenant_id, connector_id, purpose)
);

CREATE TABLE report_jobs (
	tenant_id VARCHAR NOT NULL,
	id VARCHAR NOT NULL,
	is_cached BOOLEAN NOT NULL,
	created_at VARCHAR NOT NULL,
	expires_at VARCHAR,
	document JSON NOT NULL,
	status VARCHAR NOT NULL,
	CONSTRAINT pk_report_jobs PRIMARY KEY (tenant_id, id)
);

CREATE INDEX ix_report_jobs_oldest ON report_jobs (tenant_id, created_at, id);

CREATE TABLE resources (
	tenant_id VARCHAR NOT NULL,
	family VARCHAR NOT NULL,
	parent_id VARCHAR NOT NULL,
	id VARCHAR NOT NULL,
	kind VARCHAR NOT NULL,
	version INTEGER NOT NULL,
	created_at VARCHAR NOT NULL,
	modified_at VARCHAR NOT NULL,
	priority INTEGER,
	document JSON NOT NULL,
	CONSTRAINT pk_resources PRIMARY KEY (tenant_id, family, parent_id, id)
);

CREATE INDEX ix_resources_id ON resources (tenant_id, id);

CREATE INDEX ix_resources_oldest ON resources (tenant_id, family, created_at, id);

CREATE TABLE revocation_downloads (
	tenant_id VARCHAR NOT NULL,
	at VARCHAR NOT NULL,
	CONSTRAINT pk_revocation_downloads PRIMARY KEY (tenant_id)
);

CREATE TABLE role_scope_tag_assignments (
	tenant_id VARCHAR NOT NULL,
	tag_id VARCHAR NOT NULL,
	id VARCHAR NOT NULL,
	position INTEGER NOT NULL,
	document JSON NOT NULL,
	CONSTRAINT pk_role_scope_tag_assignments PRIMARY KEY (tenant_id, tag_id, id)
);

CREATE TABLE role_scope_tags (
	tenant_id VARCHAR NOT NULL,
	id VARCHAR NOT NULL,
	number INTEGER NOT NULL,
	document JSON NOT NULL,
	CONSTRAINT pk_role_scope_tags PRIMARY KEY (tenant_id, id)
);

CREATE TABLE scep_certificates (
	tenant_id VARCHAR NOT NULL,
	challenge_id VARCHAR NOT NULL,
	thumbprint VARCHAR NOT NULL,
	enrollment_id VARCHAR NOT NULL,
	profile_id VARCHAR NOT NULL,
	report JSON NOT NULL,
	reported_at VARCHAR NOT NULL,
	CONSTRAINT pk_scep_certificates PRIMARY KEY (tenant_id, challenge_id, thumbprint)
);

CREATE INDEX ix_scep_certificates_device ON scep_certificates (tenant_id, enrollment_id, profile_id);

CREATE TABLE scep_challenges (
	tenant_id VARCHAR NOT NULL,
	id VARCHAR NOT NULL,
	enrollment_id VARCHAR NOT NULL,
	profile_id VARCHAR NOT NULL,
	user_id VARCHAR,
	created_at VARCHAR NOT NULL,
	expires_at VARCHAR NOT NULL,
	state VARCHAR NOT NULL,
	outcome JSON,
	fingerprint VARCHAR,
	CONSTRAINT pk_scep_challenges PRIMARY KEY (tenant_id, id)
);

CREATE INDEX ix_scep_challenges_device ON scep_challenges (tenant_id, enrollment_id, profile_id);

CREATE INDEX ix_scep_challenges_newest ON scep_challenges (tenant_id, created_at, id);

CREATE TABLE scep_requests (
	tenant_id VARCHAR NOT NULL,
	id VARCHAR NOT NULL,
	"transaction" VARCHAR NOT NULL,
	key_digest VARCHAR NOT NULL,
	signer_digest VARCHAR NOT NULL,
	challenge_id VARCHAR NOT NULL,
	connector_id VARCHAR NOT NULL,
	enrollment_id VARCHAR NOT NULL,
	profile_id VARCHAR NOT NULL,
	state VARCHAR NOT NULL,
	csr BLOB,
	renews VARCHAR,
	authority VARCHAR,
	serial VARCHAR,
	message VARCHAR,
	created_at VARCHAR NOT NULL,
	decided_at VARCHAR,
	CONSTRAINT pk_scep_requests PRIMARY KEY (tenant_id, id),
	CONSTRAINT uq_scep_requests_tenant_id_challenge_id UNIQUE (tenant_id, challenge_id)
);

CREATE INDEX ix_scep_requests_newest ON scep_requests (tenant_id, created_at, id);

CREATE INDEX ix_scep_requests_transaction ON scep_requests (tenant_id, "transaction");

CREATE TABLE script_runs (
	tenant_id VARCHAR NOT NULL,
	enrollment_id VARCHAR NOT NULL,
	script_id VARCHAR NOT NULL,
	family VARCHAR NOT NULL,
	version VARCHAR NOT NULL,
	number INTEGER NOT NULL,
	attempts INTEGER NOT NULL,
	state VARCHAR NOT NULL,
	remediation VARCHAR NOT NULL,
	due_at VARCHAR,
	ran_at VARCHAR,
	remediated_at VARCHAR,
	results JSON NOT NULL,
	CONSTRAINT pk_script_runs PRIMARY KEY (enrollment_id, script_id)
);

CREATE INDEX ix_script_runs_script ON script_runs (tenant_id, script_id);

CREATE TABLE seat_events (
	tenant_id VARCHAR NOT NULL,
	number INTEGER NOT NULL,
	at VARCHAR NOT NULL,
	event VARCHAR NOT NULL,
	lab VARCHAR,
	detail JSON NOT NULL,
	CONSTRAINT pk_seat_events PRIMARY KEY (tenant_id, number)
);

CREATE TABLE seats (
	tenant_id VARCHAR NOT NULL,
	classroom VARCHAR NOT NULL,
	number INTEGER NOT NULL,
	credential_digest VARCHAR NOT NULL,
	labs JSON NOT NULL,
	created_at VARCHAR NOT NULL,
	CONSTRAINT pk_seats PRIMARY KEY (tenant_id),
	CONSTRAINT uq_seats_credential_digest UNIQUE (credential_digest)
);

CREATE TABLE sign_ins (
	digest VARCHAR NOT NULL,
	tenant_id VARCHAR NOT NULL,
	client_id VARCHAR NOT NULL,
	state VARCHAR NOT NULL,
	scope VARCHAR NOT NULL,
	user_code VARCHAR,
	any_tenant BOOLEAN NOT NULL,
	user_tenant_id VARCHAR,
	user_id VARCHAR,
	redirect_uri VARCHAR,
	challenge VARCHAR,
	nonce VARCHAR,
	polled_at VARCHAR,
	expires_at VARCHAR NOT NULL,
	CONSTRAINT pk_sign_ins PRIMARY KEY (digest),
	CONSTRAINT uq_sign_ins_user_code UNIQUE (user_code)
);

CREATE INDEX ix_sign_ins_expires_at ON sign_ins (expires_at);

CREATE INDEX ix_sign_ins_tenant ON sign_ins (tenant_id);

CREATE TABLE snapshots (
	tenant_id VARCHAR NOT NULL,
	name VARCHAR NOT NULL,
	created_at VARCHAR NOT NULL,
	tenant_time VARCHAR NOT NULL,
	revision VARCHAR NOT NULL,
	size INTEGER NOT NULL,
	counts JSON NOT NULL,
	key_files JSON NOT NULL,
	content BLOB NOT NULL,
	CONSTRAINT pk_snapshots PRIMARY KEY (tenant_id, name)
);

CREATE TABLE steps (
	id VARCHAR NOT NULL,
	tenant_id VARCHAR NOT NULL,
	enrollment_id VARCHAR NOT NULL,
	kind VARCHAR NOT NULL,
	subject VARCHAR NOT NULL,
	fingerprint VARCHAR NOT NULL,
	state VARCHAR NOT NULL,
	answer JSON,
	told_at VARCHAR NOT NULL,
	CONSTRAINT pk_steps PRIMARY KEY (id)
);

CREATE INDEX ix_steps_enrollment_id ON steps (enrollment_id);

CREATE INDEX ix_steps_tenant ON steps (tenant_id, enrollment_id);

CREATE TABLE subscriptions (
	tenant_id VARCHAR NOT NULL,
	id VARCHAR NOT NULL,
	client_id VARCHAR NOT NULL,
	created_at VARCHAR NOT NULL,
	expires_at VARCHAR NOT NULL,
	is_warned BOOLEAN NOT NULL,
	document JSON NOT NULL,
	CONSTRAINT pk_subscriptions PRIMARY KEY (tenant_id, id)
);

CREATE TABLE templates (
	tenant_id VARCHAR NOT NULL,
	authority VARCHAR NOT NULL,
	name VARCHAR NOT NULL,
	document JSON NOT NULL,
	CONSTRAINT pk_templates PRIMARY KEY (tenant_id, authority, name)
);

CREATE TABLE tenant_versions (
	tenant_id VARCHAR NOT NULL,
	version VARCHAR NOT NULL,
	CONSTRAINT pk_tenant_versions PRIMARY KEY (tenant_id)
);

CREATE TABLE tenants (
	id VARCHAR NOT NULL,
	name VARCHAR NOT NULL,
	domain VARCHAR NOT NULL,
	created_at VARCHAR NOT NULL,
	ca_host VARCHAR NOT NULL,
	ca_name VARCHAR NOT NULL,
	public_http_url VARCHAR NOT NULL,
	clock_mode VARCHAR NOT NULL,
	clock_frozen_at VARCHAR,
	clock_offset BIGINT NOT NULL,
	settings JSON NOT NULL,
	journal_seq INTEGER NOT NULL,
	connector_seq INTEGER NOT NULL,
	keys VARCHAR NOT NULL,
	number BIGINT,
	tick BIGINT DEFAULT '0' NOT NULL,
	exchanges BIGINT DEFAULT '0' NOT NULL,
	CONSTRAINT pk_tenants PRIMARY KEY (id),
	CONSTRAINT uq_tenants_name UNIQUE (name),
	CONSTRAINT uq_tenants_domain UNIQUE (domain)
);

CREATE TABLE users (
	tenant_id VARCHAR NOT NULL,
	id VARCHAR NOT NULL,
	upn_key VARCHAR NOT NULL,
	licensed BOOLEAN NOT NULL,
	password_digest VARCHAR,
	manager_id VARCHAR,
	created_at VARCHAR NOT NULL,
	document JSON NOT NULL,
	CONSTRAINT pk_users PRIMARY KEY (tenant_id, id),
	CONSTRAINT uq_users_tenant_id_upn_key UNIQUE (tenant_id, upn_key)
);

CREATE INDEX ix_users_manager ON users (tenant_id, manager_id);
