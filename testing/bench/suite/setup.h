/* setup.h - what rows of the table share before and after their runs. Setups return 0 or -errno. */
#pragma once

long setup_null(void);
long setup_zero(void);
long setup_file(void);
long setup_link(void);
long setup_root(void);
void teardown_root(void);
void teardown_fd(void);

long setup_page(void);
long setup_brk(void);
long setup_window(void);
long setup_random(void);
long setup_cow(void);
long setup_memcpy(void);
long setup_multi_page(void);
void teardown_multi_page(void);
long setup_fork(void);
long setup_256m(void);
void teardown_map(void);

long setup_signal(void);
void teardown_signal(void);

long setup_pipe(void);
long setup_eventfd(void);
long setup_epoll(void);
long setup_socket(void);
void teardown_fds(void);

long setup_pingpong(void);
long setup_ring(void);
void teardown_ring(void);
long setup_bw_pipe(void);
long setup_bw_unix(void);
void teardown_bandwidth(void);

long setup_text_200(void);
long setup_text_300(void);
long setup_text_500(void);
void teardown_text(void);
long setup_tar(void);
void teardown_tar(void);
