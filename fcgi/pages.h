/* Handlers of the pages for people, the fields their forms send, and the templates they use. */
#ifndef PARKMESH_FCGI_PAGES_H
#define PARKMESH_FCGI_PAGES_H

#include "route.h"

struct user_row;

/* Every template a handler asks for, NULL-terminated: the program does not start without them. */
extern const char *const page_views[];

/* page_overview.c */
extern const struct field page_overview_fields[1];
handler_fn page_overview;

/* page_login.c */
extern const struct field page_login_fields[2], page_logging_in_fields[4], page_language_fields[2];
handler_fn page_login, page_logging_in, page_log_out, page_language;
/* Begin a session for the person whose row this is, who has just shown the password; the answer will set its cookie. */
enum err login_begin(struct call *c, const struct user_row *user, struct fault *fault);

/* page_account.c */
extern const struct field page_account_fields[3], page_setup_fields[1], page_setting_up_fields[4];
handler_fn page_account, page_account_save, page_setup, page_setting_up;

/* page_history.c */
extern const struct field page_history_fields[14];
handler_fn page_history;

/* page_stay.c: a stay by its row's number here (id) or by its name on every central (event). */
extern const struct field page_stay_fields[2];
handler_fn page_stay;

/* page_stay_act.c */
extern const struct field page_stay_ask_fields[1], page_stay_act_fields[6];
handler_fn page_stay_correct, page_stay_correcting, page_stay_void, page_stay_voiding, page_stay_undo, page_stay_undoing, page_stay_end,
	page_stay_ending;

/* page_enter.c */
extern const struct field page_entering_fields[6];
handler_fn page_enter, page_entering;

/* page_long.c */
extern const struct field page_long_fields[2], page_long_end_fields[1], page_long_ending_fields[3];
handler_fn page_long, page_long_end, page_long_ending;

/* page_conflicts.c */
extern const struct field page_conflicts_fields[2], page_conflict_fields[3];
handler_fn page_conflicts, page_conflict_look, page_conflict_reopen;

/* page_repin.c */
extern const struct field page_repin_fields[1], page_repinning_fields[2];
handler_fn page_repin, page_repinning;

/* page_p2p.c */
extern const struct field page_p2p_save_fields[13], page_p2p_test_fields[1], page_p2p_remove_fields[1], page_p2p_removing_fields[1];
extern const struct field page_p2p_fields[2];
handler_fn page_p2p, page_p2p_save, page_p2p_test, page_p2p_remove, page_p2p_removing;

/* page_fees.c */
extern const struct field page_fees_fields[5];
handler_fn page_fees, page_fees_save;

/* page_list.c, page_list_edit.c: subscriptions and staff */
extern const struct field page_list_fields[3], page_list_edit_fields[1], page_list_removing_fields[2];
extern const struct field page_subscription_save_fields[10], page_staff_save_fields[7];
handler_fn page_subscriptions, page_subscription_edit, page_subscription_save, page_subscription_remove, page_subscription_removing;
handler_fn page_staff, page_staff_edit, page_staff_save, page_staff_remove, page_staff_removing;

/* page_edges.c */
extern const struct field page_edge_edit_fields[1], page_edge_save_fields[4], page_edge_fields[1], page_edge_doing_fields[2];
handler_fn page_edges, page_edge_edit, page_edge_save, page_edge_token, page_edge_tokening, page_edge_remove, page_edge_removing;

/* page_users.c */
extern const struct field page_user_adding_fields[4], page_user_name_fields[1], page_user_role_fields[3], page_user_password_fields[4],
	page_user_removing_fields[2];
handler_fn page_users, page_user_add, page_user_adding, page_user_edit, page_user_role, page_user_password, page_user_remove,
	page_user_removing;

/* page_audit.c */
extern const struct field page_audit_fields[5];
handler_fn page_audit;

/* warnings.c */
extern const struct field page_p2p_warning_fields[1];
handler_fn page_p2p_warning;

#endif
