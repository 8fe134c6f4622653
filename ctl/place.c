#include "place.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/text.h"
#include "notify.h"

#define TEMPLATE_MAX (64 * 1024)
#define BACKLOG 511

static bool failed(const char *what, const char *path)
{
	fprintf(stderr, "parkmesh-central: %s %s: %s.\n", what, path, strerror(errno));
	return false;
}

/* nginx.conf has these paths between quotes, where the characters named here mean something. */
static bool plain(const char *path)
{
	if (strpbrk(path, "\"\\$@\n\r\t") == NULL)
		return true;
	fprintf(stderr, "parkmesh-central: %s: nginx cannot use a path with quotes, backslashes, $, @ or line ends. Choose another.\n",
		path);
	return false;
}

static bool make_dir(const char *path)
{
	if (mkdir(path, 0700) == 0 || errno == EEXIST)
		return true;
	return failed("cannot make", path);
}

static bool find_dir(const char *dir, struct place *out)
{
	char real[PATH_MAX];
	struct sockaddr_un address;

	if (!make_dir(dir))
		return false;
	if (!realpath(dir, real))
		return failed("cannot use", dir);
	if (!text_copy(out->dir, sizeof out->dir, real)
		|| !text_format(out->socket, sizeof address.sun_path, "%s/fcgi.sock", out->dir)
		|| !text_format(out->live, sizeof address.sun_path, "%s/live.sock", out->dir)) {
		fprintf(stderr, "parkmesh-central: %s: the path is too long for a socket in it. Choose a shorter one.\n", real);
		return false;
	}
	text_format(out->database, sizeof out->database, "%s/parkmesh.db", out->dir);
	text_format(out->notify, sizeof out->notify, "%s/notify", out->dir);
	text_format(out->nginx_conf, sizeof out->nginx_conf, "%s/nginx.conf", out->dir);
	return plain(out->dir);
}

static bool find_programs(struct place *out)
{
	char self[PLACE_SIZE - 64];
	ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);

	if (len < 0)
		return failed("cannot read", "/proc/self/exe");
	self[len] = '\0';
	for (int up = 0; up < 2; up++) {
		char *slash = strrchr(self, '/');

		if (slash)
			*slash = '\0';
	}
	text_format(out->fcgi, sizeof out->fcgi, "%s/fcgi/parkmesh.fcgi", self);
	if (access(out->fcgi, X_OK) == 0) {
		text_format(out->p2pd, sizeof out->p2pd, "%s/p2pd/p2pd", self);
		text_format(out->watch, sizeof out->watch, "%s/ctl/parkmesh-watch", self);
		text_format(out->share, sizeof out->share, "%s/share", self);
	} else {
		text_copy(out->fcgi, sizeof out->fcgi, PROGRAMDIR "/parkmesh.fcgi");
		text_copy(out->p2pd, sizeof out->p2pd, SBINDIR "/p2pd");
		text_copy(out->watch, sizeof out->watch, PROGRAMDIR "/parkmesh-watch");
		text_copy(out->share, sizeof out->share, PKGDATADIR);
	}
	return plain(out->share);
}

static bool take_lock(struct place *out)
{
	char path[PLACE_SIZE];

	text_format(path, sizeof path, "%s/central.lock", out->dir);
	out->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (out->lock_fd < 0)
		return failed("cannot open", path);
	if (flock(out->lock_fd, LOCK_EX | LOCK_NB) == 0)
		return true;
	if (errno != EWOULDBLOCK)
		return failed("cannot lock", path);
	fprintf(stderr, "parkmesh-central: another one runs on %s. Stop it first, or choose another --dir.\n", out->dir);
	return false;
}

static bool make_socket(struct place *out)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	text_copy(address.sun_path, sizeof address.sun_path, out->socket);
	out->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (out->listen_fd < 0)
		return failed("cannot make", out->socket);
	if (unlink(out->socket) < 0 && errno != ENOENT)
		return failed("cannot replace", out->socket);
	if (bind(out->listen_fd, (const struct sockaddr *)&address, sizeof address) < 0 || chmod(out->socket, 0660) < 0
		|| listen(out->listen_fd, BACKLOG) < 0)
		return failed("cannot listen on", out->socket);
	return true;
}

static bool make_notify(const struct place *place)
{
	int fd;

	if (notify_open(place->notify, &fd) != ERR_NONE) {
		fprintf(stderr, "parkmesh-central: %s is not a pipe, or cannot be made. Remove what is there.\n", place->notify);
		return false;
	}
	close(fd);
	return true;
}

bool place_make(const char *dir, struct place *out)
{
	char tmp[PLACE_SIZE];

	*out = (struct place){.lock_fd = -1, .listen_fd = -1};
	if (!find_dir(dir, out) || !find_programs(out) || !take_lock(out))
		return false;
	text_format(tmp, sizeof tmp, "%s/tmp", out->dir);
	return make_dir(tmp) && make_notify(out) && make_socket(out);
}

static bool read_file(const char *path, struct buf *out)
{
	FILE *file = fopen(path, "re");
	char part[4096];
	size_t len;

	if (!file)
		return failed("cannot read", path);
	while ((len = fread(part, 1, sizeof part, file)) > 0)
		buf_add(out, part, len);
	fclose(file);
	if (out->failed) {
		errno = EFBIG;
		return failed("cannot read", path);
	}
	return true;
}

static bool write_file(const char *path, const struct buf *text)
{
	char fresh[PLACE_SIZE + 8];
	FILE *file;
	bool good;

	text_format(fresh, sizeof fresh, "%s.new", path);
	file = fopen(fresh, "we");
	if (!file)
		return failed("cannot write", fresh);
	good = fwrite(text->data, 1, text->len, file) == text->len;
	good = fclose(file) == 0 && good;
	if (!good || rename(fresh, path) < 0)
		return failed("cannot write", path);
	return true;
}

struct value { const char *name, *text; };

/* text with each @NAME@ replaced by its value. */
static void fill_in(const char *text, const struct value *values, size_t count, struct buf *out)
{
	while (*text) {
		const struct value *found = NULL;

		for (size_t i = 0; i < count && *text == '@'; i++) {
			if (strncmp(text, values[i].name, strlen(values[i].name)) == 0)
				found = &values[i];
		}
		if (found) {
			buf_str(out, found->text);
			text += strlen(found->name);
		} else {
			buf_char(out, *text++);
		}
	}
}

bool place_write_nginx_conf(const struct place *place, const char *ip, int port, const struct trust *edges)
{
	char path[PLACE_SIZE + 32], endpoint[ENDPOINT_SIZE];
	struct buf text, conf, geo;
	bool done = false;

	buf_init(&text, TEMPLATE_MAX);
	buf_init(&conf, 2 * TEMPLATE_MAX);
	buf_init(&geo, TEMPLATE_MAX);
	trust_geo(edges, &geo);
	endpoint_text(ip, port, endpoint);
	/* Started by root, nginx would give its workers to an account that cannot read the folder. */
	const struct value values[] = {
		{"@DIR@", place->dir}, {"@SHARE@", place->share}, {"@LISTEN@", endpoint}, {"@USER@", geteuid() == 0 ? "user root;" : ""},
		{"@TRUSTED_EDGES@", buf_text(&geo)},
	};
	text_format(path, sizeof path, "%s/nginx/central.conf.in", place->share);
	if (!read_file(path, &text))
		goto out;
	fill_in(buf_text(&text), values, sizeof values / sizeof *values, &conf);
	done = write_file(place->nginx_conf, &conf);
out:
	buf_free(&text);
	buf_free(&conf);
	buf_free(&geo);
	return done;
}

void endpoint_text(const char *ip, int port, char out[ENDPOINT_SIZE])
{
	text_format(out, ENDPOINT_SIZE, strchr(ip, ':') ? "[%s]:%d" : "%s:%d", ip, port);
}
