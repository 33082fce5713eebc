"""Codes that need a state of their own to be produced: the tests that make it, or why none can."""

from __future__ import annotations

_REFUSALS = "integration/rest/test_refusals.py"
_SURFACE = "integration/rest/test_surface.py"
_CUSTODY = "integration/rest/test_custody.py"
_KEYS = "integration/identity/test_api_keys.py"
_SUBS = "integration/identity/test_sub_accounts.py"
_FAUCET = "integration/rest/test_faucet.py"
_SESSION = "integration/ws/test_session.py"
_FAULTS = "integration/ws/test_faults.py"
_STOPS = "unit/exchange/test_suspensions.py"

SHOWN: dict[int, str] = {
    50001: "unit/journal/test_durable_rows.py::"
    "test_a_full_disk_stops_intake_and_the_same_bytes_are_tried_again",
    50004: "unit/journal/test_durable_rows.py::"
    "test_a_full_disk_stops_intake_and_the_same_bytes_are_tried_again",
    50006: "integration/identity/test_sign_up.py::test_a_foreign_page_cannot_post",
    50007: f"{_REFUSALS}::test_a_frozen_account",
    50008: f"{_KEYS}::test_the_master_switch_freezes_all_keys_at_once_and_back",
    50011: "integration/rest/test_funding.py::"
    "test_a_transfer_refused_at_the_door_may_be_tried_anew",
    50013: "integration/rest/test_raw_http.py::test_connections_beyond_the_bound_are_sent_away",
    50024: "integration/rest/test_funding.py::test_there_is_no_custody",
    50026: "integration/rest/test_short_way.py::"
    "test_a_fault_while_a_passphrase_is_checked_is_answered",
    50035: f"{_SUBS}::test_only_a_bound_key_or_a_fresh_session_makes_accounts_and_keys",
    50037: f"{_REFUSALS}::test_an_order_that_expires_on_its_way",
    50061: f"{_SURFACE}::test_orders_of_an_account_have_a_limit_of_their_own",
    50071: "integration/rest/test_funding.py::test_a_repeated_client_id_moves_money_once",
    50100: f"{_KEYS}::test_the_master_switch_freezes_all_keys_at_once_and_back",
    50110: "integration/rest/test_short_way.py::test_a_trusted_proxy_names_the_caller",
    51006: f"{_REFUSALS}::test_prices_outside_the_band",
    51021: f"{_REFUSALS}::test_states_of_an_instrument",
    51022: f"{_REFUSALS}::test_states_of_an_instrument",
    51024: f"{_REFUSALS}::test_an_account_that_may_not_trade",
    51071: f"{_REFUSALS}::test_the_dead_mans_tags_are_counted",
    51102: f"{_REFUSALS}::test_caps_on_pending_orders",
    51103: f"{_REFUSALS}::test_caps_on_pending_orders",
    51511: f"{_REFUSALS}::test_amendments_that_cannot_be",
    58004: f"{_REFUSALS}::test_a_frozen_account",
    58110: f"{_REFUSALS}::test_suspended_transfers",
    58119: f"{_SUBS}::test_a_sub_account_may_be_kept_from_sending",
    58200: "unit/exchange/test_withdrawals.py::test_refusals_with_their_codes",
    58201: f"{_STOPS}::test_review_and_cap",
    58204: f"{_STOPS}::test_reject_has_the_code_of_its_scope",
    58205: f"{_CUSTODY}::test_what_is_refused_says_why",
    58206: f"{_CUSTODY}::test_what_is_refused_says_why",
    58207: f"{_CUSTODY}::test_what_is_refused_says_why",
    58209: "unit/exchange/test_withdrawals.py::test_refusals_with_their_codes",
    58213: f"{_CUSTODY}::test_what_is_refused_says_why",
    58214: f"{_CUSTODY}::test_a_queued_withdrawal_shows_its_place_and_can_be_canceled",
    58127: f"{_SUBS}::test_who_may_ask_for_which_transfer",
    58128: f"{_SUBS}::test_who_may_ask_for_which_transfer",
    58218: f"{_CUSTODY}::test_what_is_refused_says_why",
    58219: f"{_CUSTODY}::test_what_is_refused_says_why",
    58220: f"{_CUSTODY}::test_a_queued_withdrawal_shows_its_place_and_can_be_canceled",
    58221: f"{_CUSTODY}::test_what_is_refused_says_why",
    58222: f"{_CUSTODY}::test_what_is_refused_says_why",
    58224: f"{_CUSTODY}::test_what_is_refused_says_why",
    58226: f"{_CUSTODY}::test_what_is_delisted_is_withdrawn_no_more",
    58231: f"{_CUSTODY}::test_what_is_refused_says_why",
    58405: f"{_STOPS}::test_reject_has_the_code_of_its_scope",
    92013: f"{_CUSTODY}::test_who_is_refunded_is_told_what_refused_it",
    59500: f"{_SUBS}::test_a_key_of_a_sub_account_acts_for_it_alone",
    59501: f"{_KEYS}::test_a_user_has_at_most_fifty_keys",
    59503: f"{_KEYS}::test_what_a_key_cannot_be_is_refused",
    59504: f"{_SUBS}::test_what_a_sub_accounts_key_cannot_be",
    59505: f"{_KEYS}::test_what_a_key_cannot_be_is_refused",
    59506: f"{_KEYS}::test_keys_of_others_do_not_exist",
    59507: f"{_SUBS}::test_money_moves_between_sub_accounts_by_their_masters_word",
    59510: f"{_SUBS}::test_what_a_sub_accounts_key_cannot_be",
    59601: f"{_SUBS}::test_names_are_one_masters_own_and_bounded",
    59603: f"{_SUBS}::test_names_are_one_masters_own_and_bounded",
    59691: f"{_FAUCET}::test_money_comes_from_the_treasury_three_times_a_day",
    59692: f"{_FAUCET}::test_bounds",
    59693: f"{_FAUCET}::test_bounds",
    60014: f"{_SESSION}::test_481_requests_are_one_too_many",
    63999: f"{_FAULTS}::test_a_login_that_fails_inside_is_answered_and_may_be_tried_again",
    64007: f"{_FAULTS}::test_what_waited_for_a_login_is_taken_behind_a_fault",
    64008: f"{_SESSION}::test_a_notice_comes_before_a_planned_stop",
    93017: "unit/exchange/test_stops_without_a_queue.py::"
    "test_a_plan_has_a_budget_for_each_line_of_its_scope",
}

NEVER: dict[int, str] = {
    51025: "a book would need 2^32 levels",
    51506: "orders that cannot be amended never rest",
    58115: "transfers to another owner are asked for by a sub-account's name, else 59510",
    58124: "a transfer numbered by another gateway, or 65,536 submissions ago",
    58203: "the core's own withdrawal is asked for by nobody",
    59401: "the supply cap of an asset is beyond what can be deposited",
    60032: "an unknown key is refused with 60005, as every wrong one: none is told to exist",
}
